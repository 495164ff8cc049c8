// The losses of labels: the reference kernels, hand-worked values.
import { describe, expect, test } from 'vitest';
import {
  type Argument,
  BACKENDS,
  expectClose,
  input,
  numbers,
  output,
  runKernel,
  type Span,
  update,
} from './kernel-bench.ts';

const SHAPES = [
  [0, 3],
  [1, 1],
  [2, 2],
  [3, 5],
  [7, 4],
  [65, 10],
  [5, 67],
];
/** Every third label is the ignored one. */
const labelsOf = (rows: number, classes: number, ignored: number): Int32Array =>
  Int32Array.from({ length: rows }, (_, r) => (r % 3 === 2 ? ignored : (r * 7) % classes));
const CASES = SHAPES.flatMap(([rows, classes]) =>
  [false, true].flatMap((hasWeights) => [0, 0.1, 1].map((smoothing) => ({ rows, classes, hasWeights, smoothing }))),
);
const IGNORED = -100;

interface LabelRun {
  gradient: Span;
  sums: Span;
  args: Argument[];
}

function labelRun(
  x: ArrayLike<number>,
  labels: Int32Array,
  classes: number,
  settings: { weights: ArrayLike<number> | null; smoothing?: number; accumulate?: number; hasGradient?: boolean },
): LabelRun {
  const { weights, smoothing, accumulate = 0, hasGradient = true } = settings;
  const gradient = output(labels.length * classes);
  const sums = update(weights === null ? [0.5, 2, 3] : [0.5, 2, 3, 4], 'f64');
  const head = [hasGradient ? gradient : 0, input(x), input(labels, 'i32'), labels.length, classes, sums, accumulate];
  const rest = [weights === null ? 0 : input(weights), ...(smoothing === undefined ? [] : [smoothing]), IGNORED];
  return { gradient, sums, args: [...head, ...rest] };
}

describe.each(BACKENDS)('losses of labels, %s', (backend) => {
  test.each(CASES)(
    'weightedCrossEntropy is the reference, but for its exponentials: $rows rows, $classes classes, weights $hasWeights, smoothing $smoothing',
    ({ rows, classes, hasWeights, smoothing }) => {
      const logits = numbers(rows * classes, 3).map((x) => x * 6);
      const weights = hasWeights ? numbers(classes, 5).map((x) => x + 1.25) : null;
      for (const accumulate of [0, 1])
        for (const hasGradient of [false, true]) {
          const labels = labelsOf(rows, classes, IGNORED);
          const { args, gradient, sums } = labelRun(logits, labels, classes, {
            weights,
            smoothing,
            accumulate,
            hasGradient,
          });
          const actual = runKernel(backend, 'weightedCrossEntropy', args);
          const expected = runKernel('reference', 'weightedCrossEntropy', args);
          // As for the plain loss, times the largest weight, and two roundings more.
          const bound = (6 + classes / 4) * 2 ** -24 * 2.25;
          if (hasGradient) expectClose(actual.read(gradient), expected.read(gradient), () => bound, 'dLogits');
          const [a, e] = [actual.read(sums), expected.read(sums)];
          expect(Math.abs(a[0] - e[0])).toBeLessThanOrEqual(rows * bound);
          expect([...a.slice(1)]).toEqual([...e.slice(1)]);
        }
    },
  );

  test.each(SHAPES)('negativeLogLikelihood of %i rows, %i classes has the bits of the reference', (rows, classes) => {
    const x = numbers(rows * classes, 3).map((value) => value - 1);
    for (const weights of [null, numbers(classes, 5).map((value) => value + 1.25)])
      for (const accumulate of [0, 1])
        for (const hasGradient of [false, true]) {
          const labels = labelsOf(rows, classes, IGNORED);
          const { args, gradient, sums } = labelRun(x, labels, classes, { weights, accumulate, hasGradient });
          const actual = runKernel(backend, 'negativeLogLikelihood', args);
          const expected = runKernel('reference', 'negativeLogLikelihood', args);
          if (hasGradient) expectClose(actual.read(gradient), expected.read(gradient), 'same bits', 'dX');
          expectClose(actual.read(sums), expected.read(sums), 'same bits', 'sums');
        }
  });

  test.each(SHAPES)(
    'without settings weightedCrossEntropy has the bits of softmaxCrossEntropy: %i, %i',
    (rows, classes) => {
      const logits = numbers(rows * classes, 3).map((x) => x * 6);
      const labels = labelsOf(rows, classes, 0);
      const weighted = labelRun(logits, labels, classes, { weights: null, smoothing: 0 });
      const plain = weighted.args.slice(0, 7);
      const actual = runKernel(backend, 'weightedCrossEntropy', weighted.args);
      const expected = runKernel(backend, 'softmaxCrossEntropy', plain);
      expectClose(actual.read(weighted.gradient), expected.read(weighted.gradient), 'same bits', 'dLogits');
      expectClose(actual.read(weighted.sums), expected.read(weighted.sums), 'same bits', 'sums');
    },
  );
});

describe.each([...BACKENDS, 'reference'] as const)('losses of labels by hand, %s', (backend) => {
  const run = (kernel: 'weightedCrossEntropy' | 'negativeLogLikelihood', { args, gradient, sums }: LabelRun) => {
    const result = runKernel(backend, kernel, args);
    return { gradient: [...result.read(gradient)], sums: [...result.read(sums)] };
  };

  test('of equal logits the loss is ln 2 times the weights, whatever is smoothed', () => {
    // Label 0 weighs 3, label 1 weighs 1. Row 0: 3/2 ln 2 kept, (3 + 1)/4 ln 2 spread; row 1: 1/2 and as much spread.
    const of = labelRun([5, 5, -5, -5], Int32Array.of(0, 1), 2, { weights: [3, 1], smoothing: 0.5 });
    const { gradient, sums } = run('weightedCrossEntropy', of);
    expect(sums[0]).toBeCloseTo(Math.LN2 * (1.5 + 1 + 0.5 + 1), 14);
    // Denominator 3 + 1; of two equal scores the first is chosen; two labels count.
    expect(sums.slice(1)).toEqual([4, 1, 2]);
    // (1/2)(kept + spread) - spread w[c] / 2 - kept at the label: 1.25 - 0.75 - 1.5, 1.25 - 0.25; 0.75 - 0.75, 0.75 - 0.25 - 0.5.
    expect(gradient).toEqual([-1, 1, 0, 0]);
  });

  test('a label that is ignored counts for nothing, and where all are the denominator is 0', () => {
    const all = Int32Array.of(IGNORED, IGNORED);
    for (const weights of [null, [1, 2, 3]]) {
      const nothing = { gradient: [0, 0, 0, 0, 0, 0], sums: weights === null ? [0, 0, 0] : [0, 0, 0, 0] };
      const scores = [1, Number.NaN, Infinity, 4, 5, 6];
      expect(run('weightedCrossEntropy', labelRun(scores, all, 3, { weights, smoothing: 0.1 }))).toEqual(nothing);
      expect(run('negativeLogLikelihood', labelRun(scores, all, 3, { weights }))).toEqual(nothing);
    }
  });

  test('extreme logits give a finite loss and gradient', () => {
    const of = labelRun([3e38, -3e38, 0], Int32Array.of(1), 3, { weights: [1, 2, 1], smoothing: 0.1 });
    const { gradient, sums } = run('weightedCrossEntropy', of);
    expect(sums.every(Number.isFinite)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  test('a NaN among the scores is a NaN loss of cross-entropy and never a right answer', () => {
    const scores = [Number.NaN, 0, 1];
    const cross = run('weightedCrossEntropy', labelRun(scores, Int32Array.of(2), 3, { weights: null, smoothing: 0.1 }));
    expect(cross.sums).toEqual([Number.NaN, 1, 0]);
    expect(run('negativeLogLikelihood', labelRun(scores, Int32Array.of(2), 3, { weights: null })).sums).toEqual([
      -1, 1, 0,
    ]);
  });
});
