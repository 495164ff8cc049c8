// Dropout through a compiled plan: whose elements are dropped depends on neither shards, micro-batches nor order.
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { createGraph } from '#src/graph/graph.js';
import { ModelError } from '#src/graph/model-error.js';
import { dropout } from '#src/graph/ops/dropout.js';
import { input } from '#src/graph/ops/input.js';
import { meanSquaredError } from '#src/graph/ops/mean-squared-error.js';
import { mul } from '#src/graph/ops/mul.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { target } from '#src/graph/ops/target.js';
import { compilePlan } from '#src/plan/compile.js';
import { ENV } from '#src/plan/plan.js';
import { BACKENDS, PlanBench } from './plan-bench.ts';

const [SAMPLES, WIDTH] = [12, 37];
const spec: DatasetSpec = {
  name: 'ones',
  samples: SAMPLES,
  input: { shape: [WIDTH], storage: 'f32', divisor: 1 },
  target: { kind: 'values', storage: 'f32', shape: [WIDTH] },
};
const samples = {
  spec,
  inputs: new Float32Array(SAMPLES * WIDTH).fill(1),
  targets: new Float32Array(SAMPLES * WIDTH),
};
const EVERYBODY = [...Array(SAMPLES).keys()];

/** loss = Σ dropout(x w)²: with x = w = 1 and p = ½ the gradient of w counts 8 for every element kept. */
function compile(position = 1) {
  const graph = createGraph();
  const x = graph.apply(input, [], { shape: [WIDTH] }, 'input');
  const initializer = { kind: 'constant', value: 1 } as const;
  const w = graph.apply(parameter, [], { name: 'w', shape: [WIDTH], initializer }, 'layer');
  const product = graph.apply(mul, [x, w], {}, 'layer');
  const dropped = graph.apply(dropout, [product], { p: 0.5, position }, 'drop');
  const y = graph.apply(target, [], { shape: [WIDTH], element: 'f32' }, 'target');
  const loss = graph.apply(meanSquaredError, [dropped, y], {}, 'loss');
  const model = { graph, loss: loss.id, metric: 'mse' as const, layers: [] };
  return compilePlan(model, { numerics: 'portable', microBatch: 'auto', largestShardRows: SAMPLES, dataset: spec });
}

describe.each(BACKENDS)('dropout on %s', (backend) => {
  const bench = new PlanBench(compile(), samples, backend);
  bench.setParameter('layer.w', new Float32Array(WIDTH).fill(1));
  const train = (ids: number[], rows?: number): number[] => {
    bench.train(ids, rows);
    return [...bench.gradient('layer.w')];
  };
  const whole = train(EVERYBODY);

  it('drops the same elements forward and backward', () => {
    const kept = whole.reduce((sum, gradient) => sum + gradient, 0) / 8;
    expect(bench.sums[0]).toBe(4 * kept);
    expect(kept).toBeGreaterThan(0.4 * SAMPLES * WIDTH);
    expect(kept).toBeLessThan(0.6 * SAMPLES * WIDTH);
  });

  it.each([1, 2, 5, 11])('drops the same elements in micro-batches of %i', (rows) => {
    expect(train(EVERYBODY, rows)).toEqual(whole);
  });

  it('drops the same elements of the samples backwards, and cut into shards', () => {
    expect(train([...EVERYBODY].reverse(), 5)).toEqual(whole);
    const parts = [
      [0, 3, 6, 9, 10],
      [11, 1],
      [2, 8, 7, 5, 4],
    ].map((ids) => train(ids));
    expect(whole.map((_, i) => parts[0][i] + parts[1][i] + parts[2][i])).toEqual(whole);
  });

  it('drops others in a layer of another position, and nothing in evaluation', () => {
    const other = new PlanBench(compile(2), samples, backend);
    other.setParameter('layer.w', new Float32Array(WIDTH).fill(1));
    other.train(EVERYBODY);
    expect([...other.gradient('layer.w')]).not.toEqual(whole);
    other.evaluate(EVERYBODY);
    expect(other.sums[0]).toBe(SAMPLES * WIDTH);
  });
});

describe('a dropout call', () => {
  const { train } = compile();

  it('takes step and seed from the step that it runs in, forward and backward', () => {
    const calls = [...train.forward, ...train.backward].filter(({ kernel }) => kernel === 'dropout');
    expect(calls).toHaveLength(2);
    for (const { args } of calls) {
      expect(args[2]).toEqual([ENV.ids, 1, 0]);
      expect([args[5], args[7], args[8]]).toEqual([
        [ENV.step, 1, 0],
        [ENV.seedLow, 1, 0],
        [ENV.seedHigh, 1, 0],
      ]);
    }
  });
});

describe('dropout refuses', () => {
  const graph = createGraph();
  const x = graph.apply(input, [], { shape: [4] }, 'input');
  const initializer = { kind: 'constant', value: 1 } as const;
  const w = graph.apply(parameter, [], { name: 'w', shape: [4], initializer }, 'layer');

  it.each([
    ['a tensor without samples', w, 0.5, 0, 'drop: expected a batch of samples, got (4); dropout takes'],
    ['to drop everything', x, 1, 0, 'drop: expected p in [0, 1), got 1; choose'],
    ['a negative share', x, -0.1, 0, 'drop: expected p in [0, 1), got -0.1; choose'],
    [
      'a position without a mask of its own',
      x,
      0.5,
      2 ** 24,
      'drop: expected a position from 0 to 16777215, got 16777216',
    ],
  ])('%s', (_what, node, p, position, message) => {
    const apply = () => graph.apply(dropout, [node], { p, position }, 'drop');
    expect(apply).toThrow(ModelError);
    expect(apply).toThrow(message);
  });
});
