// Losses with their options, one by one and together, on every backend: sums and gradients against float64 loops and central differences.
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { createGraph } from '#src/graph/graph.js';
import { add } from '#src/graph/ops/add.js';
import { input } from '#src/graph/ops/input.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { elementCount } from '#src/graph/tensor-type.js';
import { addLoss } from '#src/nn/losses.js';
import type { LossConfig } from '#src/nn/nn.schema.js';
import { compilePlan } from '#src/plan/compile.js';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, type Backend, PlanBench } from '../plan/plan-bench.ts';
import { randomNumbers } from './op-cases.ts';

const SAMPLES = 7;

interface LossCase {
  title: string;
  loss: LossConfig;
  /** One sample's outputs. */
  shape: number[];
  target: DatasetSpec['target'];
  /** Targets of all samples from random numbers in [0, 1). */
  targetOf: (random: number, index: number) => number;
  /** What an element, or a row with its label, adds to numerator and denominator, by the formula of the loss's page in PyTorch's manual. */
  numbers: (x: number[], targets: number[], columns: number) => [numerator: number, denominator: number];
}

const WEIGHTS = [0.5, 2, 1, 0, 3];
const logSoftmax = (row: number[]): number[] => {
  const top = Math.max(...row);
  const total = row.reduce((sum, x) => sum + Math.exp(x - top), 0);
  return row.map((x) => x - top - Math.log(total));
};
/** Label losses: `-Σ q[c] w[c] logp[c]`, q = (1 - s) at the label + s / C everywhere. */
const labelNumbers =
  (settings: { smoothing?: number; weights?: number[]; ignored?: number; isLog?: boolean }): LossCase['numbers'] =>
  (x, labels, classes) => {
    const { smoothing = 0, weights, ignored, isLog = false } = settings;
    const totals: [number, number] = [0, 0];
    labels.forEach((label, r) => {
      if (label === ignored) return;
      const row = x.slice(r * classes, (r + 1) * classes);
      const logs = isLog ? row : logSoftmax(row);
      logs.forEach((value, c) => {
        const q = (c === label ? 1 - smoothing : 0) + smoothing / classes;
        totals[0] -= q * (weights?.[c] ?? 1) * value;
      });
      totals[1] += weights?.[label] ?? 1;
    });
    return totals;
  };
const valueNumbers =
  (f: (x: number, t: number, column: number) => number): LossCase['numbers'] =>
  (x, targets, columns) => [x.reduce((sum, value, i) => sum + f(value, targets[i], i % columns), 0), x.length];

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const logistic =
  (weights: number[]) =>
  (x: number, t: number, column: number): number =>
    (1 - t) * softplus(x) + weights[column % weights.length] * t * softplus(-x);
const huber = (delta: number) => (x: number, t: number) => {
  const d = Math.abs(x - t);
  return d < delta ? 0.5 * d * d : delta * (d - 0.5 * delta);
};

const labels = (classes: number, shape: number[] = [], storage: 'u8' | 'i32' = 'i32'): DatasetSpec['target'] => ({
  kind: 'class',
  storage,
  classes,
  shape,
});
const values = (...shape: number[]): DatasetSpec['target'] => ({ kind: 'values', storage: 'f32', shape });
const anyClass = (classes: number) => (random: number) => Math.floor(random * classes);
const orIgnored = (classes: number, ignored: number) => (random: number, i: number) =>
  i % 3 === 1 ? ignored : anyClass(classes)(random);
const around = (random: number) => 4 * random - 2;
const share = (random: number) => random;

const CASES: LossCase[] = [
  {
    title: 'cross-entropy of three labels a sample',
    loss: 'crossEntropy',
    shape: [3, 5],
    target: labels(5, [3]),
    targetOf: anyClass(5),
    numbers: labelNumbers({}),
  },
  {
    title: 'cross-entropy of labels of shape (2,2), stored as bytes',
    loss: 'crossEntropy',
    shape: [2, 2, 5],
    target: labels(5, [2, 2], 'u8'),
    targetOf: anyClass(5),
    numbers: labelNumbers({}),
  },
  {
    title: 'cross-entropy with smoothing, weights and an ignored label',
    loss: { name: 'crossEntropy', labelSmoothing: 0.2, classWeights: WEIGHTS, ignoreIndex: -100 },
    shape: [5],
    target: labels(5),
    targetOf: orIgnored(5, -100),
    numbers: labelNumbers({ smoothing: 0.2, weights: WEIGHTS, ignored: -100 }),
  },
  {
    title: 'cross-entropy with smoothing and an ignored label, two labels a sample, more outputs than classes',
    loss: { name: 'crossEntropy', labelSmoothing: 0.3, ignoreIndex: 2 },
    shape: [2, 9],
    target: labels(7, [2]),
    targetOf: orIgnored(7, 2),
    numbers: labelNumbers({ smoothing: 0.3, ignored: 2 }),
  },
  {
    title: 'cross-entropy with weights alone',
    loss: { name: 'crossEntropy', labelSmoothing: 0, classWeights: WEIGHTS },
    shape: [5],
    target: labels(5),
    targetOf: anyClass(5),
    numbers: labelNumbers({ weights: WEIGHTS }),
  },
  {
    title: 'nll with weights and an ignored label',
    loss: { name: 'nll', classWeights: WEIGHTS, ignoreIndex: 1 },
    shape: [2, 5],
    target: labels(5, [2]),
    targetOf: orIgnored(5, 1),
    numbers: labelNumbers({ weights: WEIGHTS, ignored: 1, isLog: true }),
  },
  {
    title: 'bceWithLogits with a posWeight an output',
    loss: { name: 'bceWithLogits', posWeight: [0.5, 1, 3] },
    shape: [2, 3],
    target: values(2, 3),
    targetOf: share,
    numbers: valueNumbers(logistic([0.5, 1, 3])),
  },
  {
    title: 'bceWithLogits of labels 0 and 1',
    loss: { name: 'bceWithLogits', posWeight: 2 },
    shape: [1],
    target: labels(2, [], 'u8'),
    targetOf: anyClass(2),
    numbers: valueNumbers(logistic([2])),
  },
  {
    title: 'kl',
    loss: 'kl',
    shape: [2, 3],
    target: values(2, 3),
    targetOf: (random, i) => (i % 4 === 0 ? 0 : random),
    numbers: (x, p) => [
      x.reduce((sum, value, i) => sum + (p[i] === 0 ? 0 : p[i] * (Math.log(p[i]) - value)), 0),
      SAMPLES,
    ],
  },
  ...[0, 0.7].map((beta) => ({
    title: `smoothL1 with beta ${beta}`,
    loss: { name: 'smoothL1', beta } as const,
    shape: [5],
    target: values(5),
    targetOf: around,
    numbers: valueNumbers((x, t) => (beta === 0 ? Math.abs(x - t) : huber(beta)(x, t) / beta)),
  })),
  {
    title: 'huber with delta 1.3',
    loss: { name: 'huber', delta: 1.3 },
    shape: [3],
    target: values(3),
    targetOf: around,
    numbers: valueNumbers(huber(1.3)),
  },
];

/** Outputs are the inputs moved by a parameter of their shape. */
function openCase(lossCase: LossCase, backend: Backend, microBatch: number) {
  const { shape, target, loss, targetOf } = lossCase;
  const units = elementCount(shape);
  const graph = createGraph();
  const inputs = graph.apply(input, [], { shape }, 'input');
  const attrs = { name: 'p', shape, initializer: { kind: 'constant', value: 0 } } as const;
  const moved = graph.apply(parameter, [], attrs, 'l');
  const outputs = graph.apply(add, [inputs, moved], {}, 'l');
  const { node, ...rest } = addLoss(graph, loss, outputs, target);
  const spec: DatasetSpec = { name: 'l', samples: SAMPLES, input: { shape, storage: 'f32', divisor: 1 }, target };
  const plan = compilePlan(
    { graph, loss: node.id, layers: [], ...rest },
    { numerics: 'portable', microBatch, largestShardRows: SAMPLES, dataset: spec },
  );
  const x = Float32Array.from(randomNumbers(SAMPLES * units, -2, 2, 3));
  const p = Float32Array.from(randomNumbers(units, -1, 1, 4));
  const perSample = elementCount(target.shape ?? []);
  const targets = Float32Array.from(randomNumbers(SAMPLES * perSample, 0, 1, 5), targetOf);
  const bench = new PlanBench(plan, { spec, inputs: x, targets }, backend);
  bench.setParameter('l.p', p);
  const numbersAt = (parameters: ArrayLike<number>): [number, number] =>
    lossCase.numbers(
      Array.from(x, (value, i) => value + parameters[i % units]),
      [...targets],
      shape.at(-1)!,
    );
  return { bench, p, numbersAt };
}

const ROWS = CASES.flatMap((lossCase) => [SAMPLES, 3].map((rows) => [lossCase.title, rows, lossCase] as const));

describe.each(BACKENDS)('on %s', (backend) => {
  it.each(ROWS)('%s, %i samples at once: sums and gradient are those of float64', (_title, rows, lossCase) => {
    const { bench, p, numbersAt } = openCase(lossCase, backend, rows);
    const ids = [...Array(SAMPLES).keys()];
    bench.train(ids);
    const [numerator, denominator] = numbersAt(p);
    // A handful of float32 roundings a number; the sums are float64.
    expectClose(bench.sums.slice(0, 2), [numerator, denominator], { relative: 1e-5, ofLargest: 0 });
    const h = 1e-4;
    const gradient = Array.from(p, (value, i) => {
      const at = (offset: number) => numbersAt(Array.from(p).with(i, value + offset))[0];
      return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    });
    expectClose(bench.gradient('l.p'), gradient, { relative: 1e-4, ofLargest: 1e-5 });
    expect(bench.brokenGuards()).toEqual([]);
    const trained = bench.sums.slice();
    bench.evaluate(ids);
    expect(bench.sums).toEqual(trained);
  });
});
