// Batch norm through a compiled plan: running statistics against float64 loops, evaluation by them.
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { createGraph } from '#src/graph/graph.js';
import { batchMoments, momentsMean, momentsUnbiasedVariance } from '#src/graph/ops/batch-moments.js';
import { batchNorm } from '#src/graph/ops/batch-norm.js';
import { input } from '#src/graph/ops/input.js';
import { meanSquaredError } from '#src/graph/ops/mean-squared-error.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { statistic } from '#src/graph/ops/statistic.js';
import { target } from '#src/graph/ops/target.js';
import { updateStatistic } from '#src/graph/ops/update-statistic.js';
import { compilePlan } from '#src/plan/compile.js';
import { initializeParameters } from '#src/plan/initialize.js';
import { expectClose } from './expect-close.ts';
import { BACKENDS, PlanBench } from './plan-bench.ts';

const [SAMPLES, CHANNELS, SPATIAL] = [4, 2, 3];
const EPS = 1e-5;
// Both sides of a float32 rounding or two.
const BOUND = { relative: 1e-6, ofLargest: 1e-6 };

const spec: DatasetSpec = {
  name: 'images',
  samples: SAMPLES,
  input: { shape: [CHANNELS, SPATIAL], storage: 'f32', divisor: 1 },
  target: { kind: 'values', storage: 'f32', shape: [CHANNELS, SPATIAL] },
};
const inputs = Float32Array.from({ length: SAMPLES * CHANNELS * SPATIAL }, (_, i) => ((i * 7) % 11) - 3);
const samples = { spec, inputs, targets: new Float32Array(inputs.length) };
const [WEIGHT, BIAS] = [3, 0.5];
const channelOf = (i: number): number => Math.floor(i / SPATIAL) % CHANNELS;

/** loss = Σ batchNorm(x)². */
function openModel() {
  const graph = createGraph();
  const x = graph.apply(input, [], { shape: [CHANNELS, SPATIAL] }, 'input');
  const [weight, bias] = [WEIGHT, BIAS].map((value, i) => {
    const attrs = { name: ['weight', 'bias'][i], shape: [CHANNELS], initializer: { kind: 'constant', value } as const };
    return graph.apply(parameter, [], attrs, 'norm');
  });
  const [mean, variance] = [0.25, 4].map((initialValue, i) => {
    const attrs = { name: ['runningMean', 'runningVariance'][i], shape: [CHANNELS], initialValue, momentum: 0.1 };
    return graph.apply(statistic, [], attrs, 'norm');
  });
  const moments = graph.apply(batchMoments, [x], {}, 'norm');
  graph.apply(updateStatistic, [mean, graph.apply(momentsMean, [moments], {}, 'norm')], {}, 'norm');
  const unbiased = graph.apply(momentsUnbiasedVariance, [moments, x], {}, 'norm');
  graph.apply(updateStatistic, [variance, unbiased], {}, 'norm');
  const arrays = [x, moments, weight, bias, mean, variance];
  const y = graph.apply(batchNorm, arrays, { eps: EPS, affine: true }, 'norm');
  const targets = graph.apply(target, [], { shape: [CHANNELS, SPATIAL], element: 'f32' }, 'target');
  const loss = graph.apply(meanSquaredError, [y, targets], {}, 'loss');
  return { graph, loss: loss.id, metric: 'mse' as const, layers: [] };
}

/** Mean, and the squares' sum over count - 1, of a channel of the given samples. */
function momentsInFloat64(ids: number[], channel: number): [mean: number, variance: number] {
  const isSeen = (i: number) => channelOf(i) === channel && ids.includes(Math.floor(i / (CHANNELS * SPATIAL)));
  const values = [...inputs].filter((_, i) => isSeen(i));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)];
}

describe.each(BACKENDS)('batch norm on %s', (backend) => {
  const options = { numerics: 'portable', microBatch: 'auto', largestShardRows: SAMPLES, dataset: spec } as const;
  const plan = compilePlan(openModel(), options);
  const bench = new PlanBench(plan, samples, backend);
  initializeParameters(plan, bench.kernels.kernels, 1, bench.parametersAt);
  const [runningMean, runningVariance] = plan.statistics.map(({ elementOffset }) =>
    bench.gradients.subarray(elementOffset, elementOffset + CHANNELS),
  );

  it.each([[[0, 1, 2, 3]], [[2, 0, 3]], [[1]]])(
    'gives mean and unbiased variance of samples %j for the running ones',
    (ids) => {
      bench.train(ids);
      const expected = [0, 1].map((channel) => momentsInFloat64(ids, channel));
      expectClose(
        runningMean,
        expected.map(([mean]) => mean * ids.length),
        BOUND,
      );
      expectClose(
        runningVariance,
        expected.map(([, variance]) => variance * ids.length),
        BOUND,
      );
    },
  );

  it('normalises by the samples in training: their squares sum to count times weight² + bias²', () => {
    bench.train([0, 1, 2, 3]);
    // Variance over variance + eps is 1 to 1e-6.
    expectClose([bench.sums[0]], [inputs.length * (WEIGHT ** 2 + BIAS ** 2)], { relative: 1e-5, ofLargest: 0 });
  });

  it('normalises by the running statistics in evaluation, whichever samples go together', () => {
    const squares = [...inputs].map((value) => (((value - 0.25) / Math.sqrt(4 + EPS)) * WEIGHT + BIAS) ** 2);
    const expected = squares.reduce((sum, value) => sum + value, 0);
    for (const rows of [4, 3, 1]) {
      bench.evaluate([3, 1, 0, 2], rows);
      expectClose([bench.sums[0]], [expected], BOUND);
    }
    expect(bench.brokenGuards()).toEqual([]);
  });
});
