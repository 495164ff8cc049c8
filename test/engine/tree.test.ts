import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRanges, rangeLength } from '#src/engine/ranges.js';
import { treeTotal } from '#src/engine/tree.js';

test('treeTotal adds in the order of the left-complete binary tree', () => {
  // Hand-worked: five leaves are ((0+1)+(2+3))+4.
  const order: string[] = [];
  const leaf = (index: number): number => {
    order.push(String(index));
    return 10 ** index;
  };
  expect(treeTotal(5, leaf)).toBe(11111);
  expect(order.join('')).toBe('01234');
  const [a, b, c] = [1, 2 ** -53, 2 ** -53];
  // (a + b) + c loses both halves, a + (b + c) would not: the tree over three is (a + b) + c.
  expect(treeTotal(3, (i) => [a, b, c][i])).toBe(1);
});

test('treeTotal of a prefix depends on nothing behind it, and 0 shards sum to 0', () => {
  expect(treeTotal(0, () => Number.NaN)).toBe(0);
  expect(treeTotal(1, () => 7)).toBe(7);
});

test('ranges cover every parameter once, and depend on the parameter count alone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6e7 }), (elements) => {
      const plan = planRanges(elements);
      let covered = 0;
      for (let index = 0; index < plan.count; index++) {
        const length = rangeLength(plan, elements, index);
        expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(plan.elements);
        covered += length;
      }
      expect(covered).toBe(elements);
    }),
    { numRuns: 50 },
  );
});

test('ranges of whole parameters cover every element once, begin at parameters, and are short where parameters are', () => {
  const sizes = fc.array(
    fc.integer({ min: 1, max: 3000 }).map((x) => x * 16),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(sizes, (lengths) => {
      const boundaries = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, length) => sum + length, 0));
      const elements = lengths.reduce((sum, length) => sum + length, 0);
      const plan = planRanges(elements, boundaries);
      expect(plan.starts).toHaveLength(plan.count);
      expect(plan.starts[0]).toBe(0);
      let covered = 0;
      for (let index = 0; index < plan.count; index++) {
        expect(plan.starts[index]).toBe(covered);
        expect(boundaries).toContain(covered);
        const length = rangeLength(plan, elements, index);
        expect(length).toBeGreaterThan(0);
        const parameters = boundaries.filter((begin) => begin >= covered && begin < covered + length).length;
        if (parameters > 1) expect(length).toBeLessThanOrEqual(planRanges(elements).elements);
        covered += length;
      }
      expect(covered).toBe(elements);
      expect(plan.elements).toBe(Math.max(...plan.starts.map((_, index) => rangeLength(plan, elements, index))));
    }),
    { numRuns: 100 },
  );
});
