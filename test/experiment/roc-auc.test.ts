// The area under the ROC curve against a count of all pairs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanRocAuc, rocAuc } from '#src/experiment/roc-auc.js';

/** Every pair of a positive and a negative: 1 where the positive is higher, 1/2 where they are equal. */
function bruteForce(positives: readonly number[], negatives: readonly number[]): number {
  let pairs = 0;
  for (const p of positives) for (const n of negatives) pairs += p > n ? 1 : p === n ? 0.5 : 0;
  return pairs / (positives.length * negatives.length);
}

const pair = (positives: readonly number[], negatives: readonly number[]) =>
  rocAuc(Float32Array.from(positives), Float32Array.from(negatives));

describe('rocAuc', () => {
  it('is the share of pairs in the right order, to the last bit, with any ties', () => {
    const scores = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        expect(pair(positives, negatives)).toBe(bruteForce(positives, negatives));
      }),
    );
  });

  it('is 1, 1/2 and 0 where it must be, and 0.75 in the manual of scikit-learn', () => {
    expect(pair([3, 4], [1, 2])).toBe(1);
    expect(pair([1, 2], [3, 4])).toBe(0);
    expect(pair([-0], [0])).toBe(0.5);
    expect(pair([0.35, 0.8], [0.1, 0.4])).toBe(0.75);
    expect(pair([Infinity], [-Infinity])).toBe(1);
  });

  it('is not there without pairs, and no number where a score is none', () => {
    expect(pair([], [1])).toBeUndefined();
    expect(pair([1], [])).toBeUndefined();
    expect(pair([Number.NaN], [1])).toBeNaN();
  });
});

describe('meanRocAuc', () => {
  // Rows of three scores.
  const scores = Float32Array.of(5, 1, 0, 2, 4, 1, 3, 3, 3, 0, 2, 6);

  it('is the mean over classes of one against the rest, without classes that have no samples', () => {
    const labels = [0, 1, 0, 1];
    const of = (c: number) => {
      const column = [0, 1, 2, 3].map((row) => scores[row * 3 + c]);
      return bruteForce(
        column.filter((_, row) => labels[row] === c),
        column.filter((_, row) => labels[row] !== c),
      );
    };
    expect(meanRocAuc(scores, labels, { columns: 3 })).toBe((of(0) + of(1)) / 2);
    expect(meanRocAuc(scores, [1, 1, 1, 1], { columns: 3 })).toBeNaN();
  });

  it('leaves out rows whose label is ignored', () => {
    const kept = meanRocAuc(scores.slice(0, 9), [0, 1, 2], { columns: 3 });
    expect(meanRocAuc(scores, [0, 1, 2, -100], { columns: 3, ignoreIndex: -100 })).toBe(kept);
  });

  it('of two classes is that of the second; of yes-or-no outputs the mean over them', () => {
    const two = Float32Array.of(9, 1, 8, 3, 7, 2);
    expect(meanRocAuc(two, [0, 1, 1], { columns: 2 })).toBe(1);
    // Column 0: positives 9, 8, negative 7; column 1: positive 1, negatives 3, 2.
    expect(meanRocAuc(two, [1, 1, 1, 0, 0, 0], { columns: 2 })).toBe((1 + 0) / 2);
  });
});
