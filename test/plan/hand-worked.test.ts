// Networks so small that their loss and gradients are worked out by hand, from samples in memory to gradients in memory.
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { buildModel } from '#src/nn/build-model.js';
import type { LayerConfig, LossName } from '#src/nn/nn.schema.js';
import { compilePlan } from '#src/plan/compile.js';
import { expectClose } from './expect-close.ts';
import { BACKENDS, type Backend, PlanBench, type Samples } from './plan-bench.ts';

function open(layers: LayerConfig[], loss: LossName, samples: Samples, backend: Backend): PlanBench {
  const { spec } = samples;
  const model = buildModel(layers, loss, spec);
  const plan = compilePlan(model, { numerics: 'portable', microBatch: 1, largestShardRows: 2, dataset: spec });
  return new PlanBench(plan, samples, backend);
}

const dense = (units: number, activation: 'none' | 'relu'): LayerConfig => ({ dense: units, activation, bias: true });

const VALUES: DatasetSpec = {
  name: 'two',
  samples: 2,
  input: { shape: [2], storage: 'f32', divisor: 1 },
  target: { kind: 'values', storage: 'f32', shape: [1] },
};
const LABELS: DatasetSpec = {
  name: 'bytes',
  samples: 2,
  input: { shape: [2], storage: 'u8', divisor: 2 },
  target: { kind: 'class', storage: 'u8', classes: 2 },
};

// Powers of two and their sums: exact in float32, so equality is asked for.
describe.each(BACKENDS)('on %s', (backend) => {
  it('a linear unit: x = (1,2), w = (0.5,-1), b = 0.25 gives -1.25; to target 1 the error is -2.25', () => {
    const bench = open([dense(1, 'none')], 'mse', { spec: VALUES, inputs: [1, 2, 3, 0], targets: [1, 1] }, backend);
    bench.setParameter('dense1.weight', [0.5, -1]);
    bench.setParameter('dense1.bias', [0.25]);
    bench.train([0]);
    expect([...bench.sums]).toEqual([2.25 ** 2, 1, 0]);
    expect([...bench.gradient('dense1.weight')]).toEqual([-4.5, -9]);
    expect([...bench.gradient('dense1.bias')]).toEqual([-4.5]);
    // The second sample (3,0) gives 1.75, an error of 0.75, gradient 1.5 · (3,0).
    bench.train([0, 1]);
    expect([...bench.sums]).toEqual([2.25 ** 2 + 0.75 ** 2, 2, 0]);
    expect([...bench.gradient('dense1.weight')]).toEqual([0, -9]);
    expect([...bench.gradient('dense1.bias')]).toEqual([-3]);
  });

  it('two layers with ReLU: the unit that is off passes nothing back', () => {
    const samples = { spec: VALUES, inputs: [1, 2, 0, 0], targets: [0, 0] };
    const bench = open([dense(2, 'relu'), dense(1, 'none')], 'mse', samples, backend);
    bench.setParameter('dense1.weight', [1, 1, -1, -1]);
    bench.setParameter('dense1.bias', [0, 0]);
    bench.setParameter('dense2.weight', [2, 5]);
    bench.setParameter('dense2.bias', [0]);
    bench.train([0]);
    // Hidden (3, 0), output 6, loss 36, its gradient 12.
    expect(bench.sums[0]).toBe(36);
    expect([...bench.gradient('dense2.weight')]).toEqual([36, 0]);
    expect([...bench.gradient('dense2.bias')]).toEqual([12]);
    expect([...bench.gradient('dense1.weight')]).toEqual([24, 48, 0, 0]);
    expect([...bench.gradient('dense1.bias')]).toEqual([24, 0]);
  });

  it('cross-entropy of equal scores is ln 2, of which half goes back to each; bytes are divided', () => {
    const bench = open(
      [dense(2, 'none')],
      'crossEntropy',
      { spec: LABELS, inputs: [2, 4, 8, 0], targets: [1, 0] },
      backend,
    );
    bench.setParameter('dense1.weight', [0, 0, 0, 0]);
    bench.setParameter('dense1.bias', [0, 0]);
    bench.train([0]);
    // -ln 0.5; the first of equal scores is the guess, label 1 is not.
    expectClose(bench.sums, [Math.LN2, 1, 0], { relative: 1e-7, ofLargest: 0 });
    // softmax - one-hot = (0.5, -0.5), times x = (1, 2).
    expect([...bench.gradient('dense1.weight')]).toEqual([0.5, 1, -0.5, -1]);
    expect([...bench.gradient('dense1.bias')]).toEqual([0.5, -0.5]);
    bench.evaluate([0, 1]);
    expectClose(bench.sums, [2 * Math.LN2, 2, 1], { relative: 1e-7, ofLargest: 0 });
  });
});
