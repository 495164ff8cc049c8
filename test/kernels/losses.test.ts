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
  [64, 10],
  [5, 65],
];

interface LossRun {
  gradient: Span | 0;
  sums: Span;
  args: Argument[];
}

function crossEntropy(
  rows: number,
  classes: number,
  logits: ArrayLike<number>,
  accumulate = 0,
  hasGradient = true,
): LossRun {
  const labels = Int32Array.from({ length: rows }, (_, r) => (r * 7) % classes);
  const gradient = hasGradient ? output(rows * classes) : 0;
  const sums = update([0.5, 2, 3], 'f64');
  return { gradient, sums, args: [gradient, input(logits), input(labels, 'i32'), rows, classes, sums, accumulate] };
}

function squaredError(rows: number, cols: number, accumulate = 0, hasGradient = true): LossRun {
  const gradient = hasGradient ? output(rows * cols) : 0;
  const sums = update([0.5, 2, 3], 'f64');
  const [prediction, target] = [input(numbers(rows * cols, 1)), input(numbers(rows * cols, 2))];
  return { gradient, sums, args: [gradient, prediction, target, rows, cols, sums, accumulate] };
}

describe.each(BACKENDS)('losses, %s', (backend) => {
  test.each(SHAPES)(
    'softmaxCrossEntropy of %i rows, %i classes is the reference, but for its exponentials',
    (rows, classes) => {
      for (const accumulate of [0, 1])
        for (const hasGradient of [false, true]) {
          const logits = numbers(rows * classes, 3).map((x) => x * 6);
          const { args, gradient, sums } = crossEntropy(rows, classes, logits, accumulate, hasGradient);
          const [actual, expected] = [
            runKernel(backend, 'softmaxCrossEntropy', args),
            runKernel('reference', 'softmaxCrossEntropy', args),
          ];
          // A share is at most 1: 1.6 ulp of its exponential, as much of the sum and a rounding for each lane's terms.
          const bound = (4 + classes / 4) * 2 ** -24;
          if (gradient !== 0) expectClose(actual.read(gradient), expected.read(gradient), () => bound, 'dLogits');
          const [a, e] = [actual.read(sums), expected.read(sums)];
          expect(Math.abs(a[0] - e[0])).toBeLessThanOrEqual(rows * bound);
          expect([a[1], a[2]]).toEqual([e[1], e[2]]);
        }
    },
  );

  test.each(SHAPES)('meanSquaredError of %i rows, %i columns has the bits of the reference', (rows, cols) => {
    for (const accumulate of [0, 1])
      for (const hasGradient of [false, true]) {
        const { args, gradient, sums } = squaredError(rows, cols, accumulate, hasGradient);
        const [actual, expected] = [
          runKernel(backend, 'meanSquaredError', args),
          runKernel('reference', 'meanSquaredError', args),
        ];
        if (gradient !== 0) expectClose(actual.read(gradient), expected.read(gradient), 'same bits', 'dPrediction');
        expectClose(actual.read(sums), expected.read(sums), 'same bits', 'sums');
      }
  });
});

describe.each([...BACKENDS, 'reference'] as const)('losses by hand, %s', (backend) => {
  test('two equal logits cost ln 2, whatever their size, and the first of the largest is the choice', () => {
    for (const logit of [0, 1000, -1000]) {
      const { args, gradient, sums } = crossEntropy(1, 2, [logit, logit]);
      const run = runKernel(backend, 'softmaxCrossEntropy', args);
      expect([...run.read(sums)]).toEqual([Math.LN2, 1, 1]);
      expect([...run.read(gradient as Span)]).toEqual([-0.5, 0.5]);
    }
  });

  test('logits far apart give a loss of their distance and a whole gradient', () => {
    const { args, gradient, sums } = crossEntropy(1, 3, [-200, 100, 0]);
    const run = runKernel(backend, 'softmaxCrossEntropy', args);
    expect([...run.read(sums)]).toEqual([300, 1, 0]);
    expect([...run.read(gradient as Span)]).toEqual([-1, 1, Math.fround(Math.exp(-100))]);
  });

  test('a NaN or infinite logit gives a loss that is no number, and no right answer', () => {
    for (const bad of [Number.NaN, Infinity]) {
      const { args, sums } = crossEntropy(1, 3, [bad, 0, 1]);
      const [loss, denominator, correct] = runKernel(backend, 'softmaxCrossEntropy', args).read(sums);
      expect([loss, denominator, correct]).toEqual([Number.NaN, 1, 0]);
    }
  });

  test('squared errors are summed in f64 and counted by element', () => {
    const sums = update([9, 9, 9], 'f64');
    const gradient = output(5);
    const prediction = input([4097, 1, 0, 2, -1]);
    const args = [gradient, prediction, input([0, 0, 0, 0, 0]), 1, 5, sums, 0];
    const run = runKernel(backend, 'meanSquaredError', args);
    // 4097² + 1 + 4 + 1 has 25 bits: f32 would lose some.
    expect([...run.read(sums)]).toEqual([16_785_415, 5, 0]);
    expect([...run.read(gradient)]).toEqual([8194, 2, 0, 4, -2]);
  });
});
