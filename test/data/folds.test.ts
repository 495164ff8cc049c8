import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignFolds, type FoldSpec, foldParts } from '#src/data/folds.js';

const spec = (keys: Partial<FoldSpec>): FoldSpec => ({ kind: 'random', seed: 1, validation: 0, folds: 5, ...keys });

const count = (values: Iterable<number>, length: number): number[] => {
  const counts = new Array<number>(length).fill(0);
  for (const value of values) counts[value]++;
  return counts;
};

const cases = fc
  .record({
    kind: fc.constantFrom('random' as const, 'stratified' as const, 'group' as const),
    seed: fc.maxSafeNat(),
    folds: fc.integer({ min: 2, max: 7 }),
    samples: fc.integer({ min: 40, max: 200 }),
    validation: fc.constantFrom(0, 0.1, 0.25),
    classes: fc.integer({ min: 1, max: 5 }),
    groups: fc.integer({ min: 12, max: 30 }),
  })
  .map(({ samples, classes, groups, ...rest }) => ({
    samples,
    ...rest,
    labels: Array.from({ length: samples }, (_, id) => (id * id) % classes),
    // At least one sample a group.
    keys: Array.from({ length: samples }, (_, id) => `${id < groups ? id : (id * 7) % groups}`),
  }));

describe('foldParts', () => {
  it('tests every sample in exactly one fold, and has it in exactly one part of every fold', () => {
    fc.assert(
      fc.property(cases, ({ samples, ...folds }) => {
        const tested = new Array<number>(samples).fill(0);
        for (let fold = 0; fold < folds.folds; fold++) {
          const { train, validation, test } = foldParts(samples, folds, fold);
          for (const part of [train, validation, test]) expect(part).toEqual(part.slice().sort());
          const all = [...train, ...validation, ...test].sort((a, b) => a - b);
          expect(all).toEqual(Array.from({ length: samples }, (_, id) => id));
          expect(train.length).toBeGreaterThan(0);
          for (const id of test) tested[id]++;
        }
        expect(tested).toEqual(new Array(samples).fill(1));
      }),
    );
  });

  it('takes the validation part from what is left to train on, by its fraction of that', () => {
    const { train, validation, test } = foldParts(100, spec({ validation: 0.1 }), 0);
    expect([train.length, validation.length, test.length]).toEqual([72, 8, 20]);
  });

  it('keeps a group in one part of every fold', () => {
    const keys = Array.from({ length: 120 }, (_, id) => `g${id % 23}`);
    for (let fold = 0; fold < 4; fold++) {
      const parts = foldParts(120, spec({ kind: 'group', folds: 4, keys, validation: 0.2 }), fold);
      const groups = Object.values(parts).map((ids) => new Set([...ids].map((id) => keys[id])));
      expect(groups.reduce((sum, { size }) => sum + size, 0)).toBe(23);
    }
  });
});

describe('assignFolds', () => {
  it('makes folds of one size, to within one sample, and stratified ones of one size a class', () => {
    fc.assert(
      fc.property(cases, ({ samples, ...folds }) => {
        if (folds.kind === 'group') return;
        const foldOf = assignFolds(samples, folds);
        const spread = (ids: number[]) => {
          const sizes = count(
            ids.map((id) => foldOf[id]),
            folds.folds,
          );
          return Math.max(...sizes) - Math.min(...sizes);
        };
        const all = Array.from({ length: samples }, (_, id) => id);
        expect(spread(all)).toBeLessThanOrEqual(1);
        if (folds.kind === 'random') return;
        for (const label of new Set(folds.labels)) {
          expect(spread(all.filter((id) => folds.labels[id] === label))).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('deals groups of 6, 5, 4, 3, 2 and 1 samples to three folds of 7, whatever the order of the rows', () => {
    const sizes = [6, 5, 4, 3, 2, 1];
    const keys = sizes.flatMap((size, group) => new Array<string>(size).fill(`g${group}`));
    const foldOf = assignFolds(21, spec({ kind: 'group', folds: 3, keys }));
    expect(count(foldOf, 3)).toEqual([7, 7, 7]);
    const reversed = assignFolds(21, spec({ kind: 'group', folds: 3, keys: keys.slice().reverse() }));
    expect([...reversed].reverse()).toEqual([...foldOf]);
  });

  it('depends on the seed', () => {
    for (const kind of ['random', 'stratified'] as const) {
      const labels = Array.from({ length: 50 }, (_, id) => id % 2);
      const [a, b] = [1, 2].map((seed) => assignFolds(50, spec({ kind, seed, labels })));
      expect(a).not.toEqual(b);
    }
  });

  it('refuses fewer samples or groups than folds, and folds over time', () => {
    expect(() => assignFolds(4, spec({}))).toThrow(
      'data.folds: expected at least 5 samples, one a fold, got 4; lower data.folds',
    );
    const keys = Array.from({ length: 20 }, (_, id) => `${id % 3}`);
    expect(() => assignFolds(20, spec({ kind: 'group', keys }))).toThrow(
      'data.folds: expected at least 5 groups, one a fold, got 3; lower data.folds, or use another splitBy',
    );
    expect(() => assignFolds(20, spec({ kind: 'time', keys }))).toThrow('expected split: random, stratified or group');
  });
});
