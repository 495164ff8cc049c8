// A whole training of PyTorch's, step by step in this thread: a dense network on 512 images of Fashion-MNIST, SGD with momentum.
import { describe, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import { buildModel } from '#src/nn/build-model.js';
import { compilePlan } from '#src/plan/compile.js';
import { openFixture } from '../graph/fixtures.ts';
import { expectClose } from './expect-close.ts';
import { BACKENDS, type Backend, PlanBench } from './plan-bench.ts';

const fixture = openFixture('models');
const field = (name: string) => fixture(`mlp_fashion/${name}`).values;

const STEPS = 32;
const BATCH = 64;
const [LR, MOMENTUM] = [0.1, 0.9];
/** Our names and PyTorch's. */
const NAMES = {
  'dense1.weight': '1.weight',
  'dense1.bias': '1.bias',
  'dense2.weight': '3.weight',
  'dense2.bias': '3.bias',
};

const spec: DatasetSpec = {
  name: 'fashion',
  samples: 512,
  input: { shape: [1, 28, 28], storage: 'f32', divisor: 1 },
  target: { kind: 'class', storage: 'i32', classes: 10 },
};

function openBench(backend: Backend, microBatch: number): PlanBench {
  const model = buildModel(
    [
      { dense: 64, activation: 'relu', bias: true },
      { dense: 10, activation: 'none', bias: true },
    ],
    'crossEntropy',
    spec,
  );
  const plan = compilePlan(model, { numerics: 'portable', microBatch, largestShardRows: BATCH, dataset: spec });
  const bench = new PlanBench(plan, { spec, inputs: field('x'), targets: field('y') }, backend);
  for (const [ours, theirs] of Object.entries(NAMES)) bench.setParameter(ours, field(`init/${theirs}`));
  return bench;
}

const batchIds = (step: number): number[] =>
  Array.from({ length: BATCH }, (_, i) => (step % (spec.samples / BATCH)) * BATCH + i);

/** v = momentum · v + g, p = p - lr · v, in float32 as torch.optim.SGD. */
function updateParameters({ parameters, gradients, sums }: PlanBench, velocity: Float32Array): void {
  for (let i = 0; i < parameters.length; i++) {
    velocity[i] = MOMENTUM * velocity[i] + gradients[i] / sums[1];
    parameters[i] -= LR * velocity[i];
  }
}

const CASES = BACKENDS.flatMap((backend) => [[backend, 64] as const, [backend, 24] as const]);

describe.each(CASES)('the mlp_fashion training on %s in micro-batches of %i', (backend, microBatch) => {
  const bench = openBench(backend, microBatch);

  it('has the gradients of the first step', () => {
    bench.train(batchIds(0));
    for (const [ours, theirs] of Object.entries(NAMES)) {
      const mean = bench.gradient(ours).map((value) => value / bench.sums[1]);
      // The fixtures' own bound: PyTorch sums in another order.
      expectClose(mean, field(`grad0/${theirs}`), { relative: 1e-4, ofLargest: 1e-5 });
    }
  });

  it('has the loss of every step, and at the end the weights', () => {
    const velocity = new Float32Array(bench.parameters.length);
    const losses = Array.from({ length: STEPS }, (_, step) => {
      bench.train(batchIds(step));
      updateParameters(bench, velocity);
      return bench.sums[0] / bench.sums[1];
    });
    expectClose(losses, field('losses'), { relative: 1e-4, ofLargest: 0 });
    for (const [ours, theirs] of Object.entries(NAMES)) {
      // 32 steps carry rounding differences on; 1e-4 of the largest weight is what the losses' bound allows.
      const weights = bench.view(bench.parameters, bench.find(ours));
      expectClose(weights, field(`final/${theirs}`), { relative: 1e-4, ofLargest: 1e-4 });
    }
  });
});
