// Running statistics and the rules of evaluation through a compiled plan: hand-worked numbers.
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { createGraph } from '#src/graph/graph.js';
import type { Op } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { sumTo } from '#src/graph/ops/broadcast-to.js';
import { input } from '#src/graph/ops/input.js';
import { meanSquaredError } from '#src/graph/ops/mean-squared-error.js';
import { mul } from '#src/graph/ops/mul.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { scale } from '#src/graph/ops/scale.js';
import { statistic } from '#src/graph/ops/statistic.js';
import { target } from '#src/graph/ops/target.js';
import { updateStatistic } from '#src/graph/ops/update-statistic.js';
import { compilePlan } from '#src/plan/compile.js';
import { initializeParameters } from '#src/plan/initialize.js';
import { BACKENDS, PlanBench } from './plan-bench.ts';

const spec: DatasetSpec = {
  name: 'three',
  samples: 3,
  input: { shape: [2], storage: 'f32', divisor: 1 },
  target: { kind: 'values', storage: 'f32', shape: [2] },
};

/** The sum over the samples; in evaluation nothing asks for it. */
const sumOfSamples: Op<Readonly<Record<string, never>>> = {
  ...(sumTo as unknown as Op<Readonly<Record<string, never>>>),
  name: 'sumOfSamples',
  mixesSamples: true,
  infer: ([x]) => ({ shape: x.shape, isBatched: false, element: 'f32' }),
  gradient: () => undefined,
};

/** Doubles in training, adds the running statistic in evaluation. */
const doubling: Op<Readonly<Record<string, never>>> = {
  name: 'doubling',
  infer: ([x]) => ({ shape: x.shape, isBatched: x.isBatched, element: 'f32' }),
  gradient: ({ dOut, apply }) => apply(scale, [dOut], { alpha: 2 }),
  inEvaluation: ({ inputs: [x, running], apply }) => apply(add, [x, running], {}),
  lower: (context) => scale.lower!({ ...context, node: { ...context.node, attrs: { alpha: 2 } } } as never),
};

/** loss = Σ (w · f(x) − y)², the running sum of x beside it. */
function openModel() {
  const graph = createGraph();
  const x = graph.apply(input, [], { shape: [2] }, 'input');
  const w = graph.apply(parameter, [], { name: 'w', shape: [2], initializer: { kind: 'constant', value: 1 } }, 'layer');
  const attrs = { name: 'running', shape: [2], initialValue: 3, momentum: 0.1 };
  const running = graph.apply(statistic, [], attrs, 'layer');
  const total = graph.apply(sumOfSamples, [x], {}, 'layer');
  graph.apply(updateStatistic, [running, total], {}, 'layer');
  const product = graph.apply(mul, [graph.apply(doubling, [x, running], {}, 'layer'), w], {}, 'layer');
  const y = graph.apply(target, [], { shape: [2], element: 'f32' }, 'target');
  const loss = graph.apply(meanSquaredError, [product, y], {}, 'loss');
  return { graph, loss: loss.id, metric: 'mse' as const, layers: [] };
}

const options = { numerics: 'portable', microBatch: 'auto', largestShardRows: 3, dataset: spec } as const;

describe.each(BACKENDS)('statistics on %s', (backend) => {
  const plan = compilePlan(openModel(), options);
  const samples = { spec, inputs: [1, 2, 3, 4, 5, 6], targets: [0, 0, 0, 0, 0, 0] };
  const bench = new PlanBench(plan, samples, backend);
  initializeParameters(plan, bench.kernels.kernels, 1, bench.parametersAt);
  const [running] = plan.statistics;

  it('lie behind the parameters and begin at their first value', () => {
    expect(running).toMatchObject({ name: 'layer.running', elementOffset: 16, elements: 2, momentum: 0.1 });
    expect([...bench.parameters.subarray(16, 19)]).toEqual([3, 3, 0]);
  });

  it("give a shard's value times its samples where their gradient would lie", () => {
    bench.train([0, 1, 2]);
    // x sums to (9, 12) over three samples.
    expect([...bench.gradients.subarray(16, 18)]).toEqual([27, 36]);
    bench.train([0, 1]);
    expect([...bench.gradients.subarray(16, 18)]).toEqual([8, 12]);
  });

  it('stand in for the batch in evaluation, and training does not see them', () => {
    bench.train([0, 1, 2]);
    // (2x)² summed: 4 (1 + 4 + 9 + 16 + 25 + 36).
    expect(bench.sums[0]).toBe(364);
    bench.evaluate([0, 1, 2]);
    // (x + 3)² summed: 16 + 25 + 36 + 49 + 64 + 81.
    expect(bench.sums[0]).toBe(271);
  });
});

describe('an op that mixes samples', () => {
  it('takes the whole shard as its micro-batch', () => {
    expect(compilePlan(openModel(), { ...options, largestShardRows: 4096 }).rows).toBe(4096);
  });

  it('refuses a smaller micro-batch, and shards of one value a channel', () => {
    expect(() => compilePlan(openModel(), { ...options, microBatch: 2 })).toThrow(
      'layer: expected a micro-batch of the whole shard (3 samples), as layer normalises over it, got microBatch: 2',
    );
    expect(() => compilePlan(openModel(), { ...options, smallestShardRows: 1 })).toThrow(
      'layer: expected at least 2 values a channel in every shard, got a shard of 1 sample with 1; set fewer shards',
    );
  });
});
