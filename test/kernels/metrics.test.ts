// The sums of metrics: the bits of the reference kernels, hand-worked values.
import { describe, expect, test } from 'vitest';
import { BACKENDS, expectAsReference, expectClose, input, numbers, output, runKernel, update } from './kernel-bench.ts';

const SHAPES = [
  [0, 3],
  [1, 1],
  [2, 2],
  [3, 5],
  [7, 4],
  [65, 10],
  [5, 67],
];
const IGNORED = -100;
const labelsOf = (rows: number, classes: number) =>
  input(
    Int32Array.from({ length: rows }, (_, r) => (r % 3 === 2 ? IGNORED : (r * 7) % classes)),
    'i32',
  );
/** A few values only, so that many are equal; one NaN. */
const scoresOf = (count: number) => numbers(count, 3).map((x, i) => (i === 11 ? Number.NaN : Math.round(x * 2)));
const cells = (count: number) => update(numbers(count, 9), 'f64');

describe.each(BACKENDS)('sums of metrics have the bits of the reference, %s', (backend) => {
  test.each(SHAPES)('of %i rows, %i columns', (rows, columns) => {
    const x = () => input(scoresOf(rows * columns));
    const labels = labelsOf(rows, columns);
    for (const accumulate of [0, 1]) {
      for (const k of [1, 3]) {
        const args = [x(), labels, rows, columns, k, cells(2), accumulate, IGNORED];
        expectAsReference(backend, 'topScores', args);
      }
      const matrix = [cells(columns * columns), accumulate, IGNORED, 0];
      expectAsReference(backend, 'confusionCounts', [x(), labels, rows, columns, ...matrix]);
      const binary = [labelsOf(rows, 2), rows, 2, cells(4), accumulate, IGNORED, 1];
      expectAsReference(backend, 'confusionCounts', [input(scoresOf(rows)), ...binary]);
      const values = input(numbers(rows * columns, 5));
      const sums = [input(numbers(rows * columns, 4)), values, rows, columns, cells(1 + 4 * columns), accumulate];
      expectAsReference(backend, 'regressionSums', sums);
    }
    const logits = input(numbers(rows * columns, 6).map((value) => value * 50));
    expectAsReference(backend, 'logProbabilities', [output(rows * columns), logits, rows, columns]);
  });
});

describe.each([...BACKENDS, 'reference'] as const)('sums of metrics by hand, %s', (backend) => {
  test('of equal scores the first are the larger, a NaN is above all, an ignored label counts nothing', () => {
    const x = input([1, 2, 2, 0, 5, 5, 5, 5, Number.NaN, 9, 0, 0, 1, 0, 0, 0]);
    const run = (k: number) => {
      const sums = update([7, 7], 'f64');
      const args = [x, input([2, 1, 1, IGNORED], 'i32'), 4, 4, k, sums, 0, IGNORED];
      return [...runKernel(backend, 'topScores', args).read(sums)];
    };
    expect([1, 2, 3].map(run)).toEqual([
      [0, 3],
      [3, 3],
      [3, 3],
    ]);
  });

  test('a confusion matrix has labels down and predictions across', () => {
    const sums = update([9, 9, 9, 9], 'f64');
    const x = input([0, 1, 1, 0, 1, 1, 0, 3]);
    const args = [x, input([0, 0, 1, 1], 'i32'), 4, 2, sums, 0, IGNORED, 0];
    expect([...runKernel(backend, 'confusionCounts', args).read(sums)]).toEqual([1, 1, 1, 1]);
    const binary = [input([-1, 0, 2, 3]), input([0, 1, 1, 0], 'i32'), 4, 2, sums, 1, IGNORED, 1];
    expect([...runKernel(backend, 'confusionCounts', binary).read(sums)]).toEqual([10, 10, 10, 10]);
  });

  test('sums of a regression are by column', () => {
    const sums = update(new Float64Array(9), 'f64');
    const args = [input([1, 10, 4, 20]), input([2, 10, 2, 23]), 2, 2, sums, 0];
    expect([...runKernel(backend, 'regressionSums', args).read(sums)]).toEqual([2, 4, 8, 5, 3, 33, 629, 9, 3]);
  });

  test('log-probabilities near 0 keep samples apart whose probabilities float32 rounds to 1', () => {
    const out = output(4);
    const run = runKernel(backend, 'logProbabilities', [out, input([0, 20, 0, 21]), 2, 2]);
    const expected = [-20 - Math.log1p(Math.exp(-20)), -Math.exp(-20), -21, -Math.exp(-21)];
    expectClose(run.read(out), expected, (value) => Math.abs(value) * 1e-6, 'log-probabilities');
  });
});
