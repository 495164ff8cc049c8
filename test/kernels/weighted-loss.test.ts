// The losses with a weight a sample: the reference kernel, and each loss of a sample alone times its weight.
import { describe, expect, test } from 'vitest';
import type { KernelName } from '#src/kernels/kernel-set.js';
import { WEIGHTED_LOSSES } from '#src/kernels/weighted-losses.js';
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
  { samples: 0, rows: 1, cols: 3 },
  { samples: 1, rows: 1, cols: 4 },
  { samples: 5, rows: 1, cols: 2 },
  { samples: 7, rows: 3, cols: 5 },
  { samples: 65, rows: 1, cols: 10 },
];
type Name = (typeof WEIGHTED_LOSSES)[number];
type Shape = (typeof SHAPES)[number];
/** The sums of one sample. */
const cells = (): Span => ({ type: 'f64', use: 'scratch', values: null, length: 4 });
const IGNORED = -100;
const OF_LABELS: readonly Name[] = ['softmaxCrossEntropy', 'weightedCrossEntropy', 'negativeLogLikelihood'];

/** Settings a, b, c of each loss; those of labels with class weights. */
function settingsOf(name: Name, cols: number): Argument[] {
  const perColumn = input(numbers(cols, 5).map((x) => x + 1.25));
  if (name === 'weightedCrossEntropy') return [perColumn, 0.1, IGNORED];
  if (name === 'negativeLogLikelihood') return [perColumn, IGNORED, 0];
  if (name === 'absoluteError') return [0.4, 1, 0.4];
  return name === 'logisticLoss' ? [perColumn, 0, 0] : [0, 0, 0];
}

function targetsOf(name: Name, { samples, rows, cols }: Shape) {
  if (!OF_LABELS.includes(name))
    return { type: 'f32' as const, values: numbers(samples * rows * cols, 7).map(Math.abs) };
  const canIgnore = name !== 'softmaxCrossEntropy';
  const labels = Int32Array.from({ length: samples * rows }, (_, r) => (canIgnore && r % 3 === 2 ? IGNORED : r % cols));
  return { type: 'i32' as const, values: labels };
}

/** The arguments between target and settings of the loss alone. */
const sizesOf = (name: Name, { rows, cols }: Shape): number[] => {
  if (name === 'absoluteError') return [rows * cols];
  return name === 'klDivergence' ? [rows * cols, 1] : [rows, cols];
};

const CASES = WEIGHTED_LOSSES.flatMap((name) => SHAPES.map((shape) => ({ name, ...shape })));

describe.each(BACKENDS)('weightedLoss, %s', (backend) => {
  test.each(CASES)('$name is the reference: $samples samples of $rows × $cols', ({ name, ...shape }) => {
    const elements = shape.samples * shape.rows * shape.cols;
    const x = numbers(elements, 3).map((value) => value * 4);
    const targets = targetsOf(name, shape);
    for (const accumulate of [0, 1])
      for (const hasGradient of [false, true]) {
        const gradient = output(elements);
        const sums = update([0.5, 2, 3, 4], 'f64');
        const tensors = [hasGradient ? gradient : 0, input(x), input(targets.values, targets.type)];
        const sizes = [shape.samples, shape.rows, shape.cols];
        const weights = input(numbers(shape.samples, 9).map((value) => value + 1));
        const rest = [sums, accumulate, weights, cells(), ...settingsOf(name, shape.cols)];
        const args = [WEIGHTED_LOSSES.indexOf(name), ...tensors, ...sizes, ...rest];
        const actual = runKernel(backend, 'weightedLoss', args);
        const expected = runKernel('reference', 'weightedLoss', args);
        // As for each loss alone: exponentials of two backends differ in the last bits.
        const bound = (8 + shape.cols / 4) * 2 ** -24 * 9;
        if (hasGradient) expectClose(actual.read(gradient), expected.read(gradient), () => bound, 'dX');
        const [a, e] = [actual.read(sums), expected.read(sums)];
        expect(Math.abs(a[0] - e[0])).toBeLessThanOrEqual(Math.max(1, elements) * bound);
        expect([...a.slice(1)]).toEqual([...e.slice(1)]);
      }
  });

  test.each(WEIGHTED_LOSSES)('%s is the sum of what each sample has alone, times its weight', (name) => {
    const shape = { samples: 4, rows: 2, cols: 3 };
    const elements = shape.rows * shape.cols;
    const x = numbers(shape.samples * elements, 3);
    const { type, values } = targetsOf(name, shape);
    const perSample = values.length / shape.samples;
    const weights = [0, 1, 2.5, 0.25];
    const settings = settingsOf(name, shape.cols);
    const gradient = output(x.length);
    const sums = update([0, 0, 0, 0], 'f64');
    const whole = runKernel(backend, 'weightedLoss', [
      WEIGHTED_LOSSES.indexOf(name),
      ...[gradient, input(x), input(values, type)],
      ...[shape.samples, shape.rows, shape.cols],
      ...[sums, 0, input(weights), cells()],
      ...settings,
    ]);
    const expected = [0, 0, 0, 0];
    weights.forEach((weight, i) => {
      const alone = output(elements);
      const sumsAlone = update([0, 0, 0, 0], 'f64');
      const tensors = [alone, input(x.slice(i * elements, (i + 1) * elements))];
      const target = input(values.slice(i * perSample, (i + 1) * perSample), type);
      const args = [...tensors, target, ...sizesOf(name, shape), sumsAlone, 0, ...settings];
      const run = runKernel(backend, name satisfies KernelName, args);
      const [numerator, denominator, correct, counted] = run.read(sumsAlone);
      expected[0] += weight * numerator;
      expected[1] += weight * denominator;
      expected[2] += correct;
      // Without class weights the kernel alone has three cells, and counts with the second.
      expected[3] += name === 'weightedCrossEntropy' || name === 'negativeLogLikelihood' ? counted : denominator;
      const scaled = Array.from(run.read(alone), (value) => Math.fround(value * Math.fround(weight)));
      expect(Array.from(whole.read(gradient)).slice(i * elements, (i + 1) * elements)).toEqual(scaled);
    });
    expect([...whole.read(sums)]).toEqual(expected);
  });
});
