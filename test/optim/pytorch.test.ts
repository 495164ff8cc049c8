// PyTorch's trajectories of twenty steps, one optimizer each: through the optimizers alone, and through the phases of a step.
import { describe, expect, it } from 'vitest';
import { buildModel } from '#src/nn/build-model.js';
import { createOptimizer, type RangeUpdate } from '#src/optim/optimizer.js';
import { compilePlan } from '#src/plan/compile.js';
import { PhaseBench } from '../engine/phase-bench.ts';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, type Backend, openKernels, PlanBench } from '../plan/plan-bench.ts';
import {
  FIXTURE_LAYERS,
  FIXTURE_NAMES,
  FIXTURE_SAMPLES,
  fixtureValues,
  OPTIMIZER_CASES,
  type OptimizerCase,
} from './optimizer-fixture.ts';

// float32 sums in another order: a loss is off by some ulps (6e-8 each), a weight by those of 20 steps.
const LOSS_BOUND = { relative: 1e-5, ofLargest: 0 };
const WEIGHT_BOUND = { relative: 1e-5, ofLargest: 1e-6 };

it('the fixture has these cases, and every one has our options', () => {
  expect(OPTIMIZER_CASES.map(({ name }) => name)).toEqual([
    'sgd',
    'sgd_momentum',
    'sgd_momentum_clip',
    'sgd_nesterov_wd',
    'sgd_dampening',
    'adam',
    'adam_wd',
    'adam_amsgrad',
    'adamw',
    'adamw_clip',
    'rmsprop',
    'rmsprop_centered_momentum',
    'adagrad',
    'nadam',
    'radam',
  ]);
});

const idsOf = (step: number, { batch }: OptimizerCase): number[] =>
  Array.from({ length: batch }, (_, i) => (step % 4) * batch + i);

/** A memory with two generations of an optimizer's arrays and one gradient. */
class OptimizerBench {
  readonly #memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  readonly #kernels;
  readonly #optimizer;
  readonly #update: RangeUpdate;
  readonly #at: (array: number) => number;

  constructor(options: OptimizerCase['optimizer'], elements: number, backend: Backend) {
    this.#kernels = openKernels(backend, this.#memory).kernels;
    this.#optimizer = createOptimizer(options);
    this.#at = (array) => 65_536 + array * elements * 4;
    const arrays = 1 + this.#optimizer.states.length;
    const [from, to] = [0, arrays].map((first) => Float64Array.from({ length: arrays }, (_, i) => this.#at(first + i)));
    this.#update = {
      step: 0,
      lr: options.lr,
      weightDecay: options.weightDecay,
      elements,
      gradient: this.#at(2 * arrays),
      from,
      to,
    };
  }

  /** One step from `parameters` to themselves. */
  step(step: number, parameters: Float32Array, gradient: Float32Array): void {
    const update = this.#update;
    update.step = step;
    this.#view(update.gradient).set(gradient);
    this.#view(update.from[0]).set(parameters);
    this.#optimizer.update(this.#kernels, update);
    parameters.set(this.#view(update.to[0]));
    [update.from, update.to] = [update.to, update.from];
  }

  #view(at: number): Float32Array {
    return new Float32Array(this.#memory.buffer, at, this.#update.elements);
  }
}

describe.each(BACKENDS)('the optimizers on %s', (backend) => {
  const plan = compilePlan(buildModel(FIXTURE_LAYERS, 'crossEntropy', FIXTURE_SAMPLES.spec), {
    numerics: 'portable',
    microBatch: 'auto',
    largestShardRows: 16,
    dataset: FIXTURE_SAMPLES.spec,
  });

  const unclipped = OPTIMIZER_CASES.filter(({ clipNorm }) => clipNorm === null);
  it.each(unclipped.map((one) => [one.name, one] as const))('%s goes the way of PyTorch', (name, one) => {
    const bench = new PlanBench(plan, FIXTURE_SAMPLES, backend);
    for (const [ours, theirs] of Object.entries(FIXTURE_NAMES)) {
      bench.setParameter(ours, fixtureValues(`init/${theirs}`));
    }
    const optimizer = new OptimizerBench(one.optimizer, plan.parameterElements, backend);
    // The bench fills padding with NaN; in a run it is 0.
    const gradient = new Float32Array(plan.parameterElements);
    const losses = Array.from({ length: one.steps }, (_, step) => {
      bench.train(idsOf(step, one));
      const [lossNumerator, denominator] = bench.sums;
      for (const { elementOffset, elements } of plan.parameters) {
        for (let i = elementOffset; i < elementOffset + elements; i++) gradient[i] = bench.gradients[i] / denominator;
      }
      optimizer.step(step, bench.parameters, gradient);
      return lossNumerator / denominator;
    });
    expectClose(losses, fixtureValues(`${name}/losses`), LOSS_BOUND);
    for (const [ours, theirs] of Object.entries(FIXTURE_NAMES)) {
      const weights = bench.view(bench.parameters, bench.find(ours));
      expectClose(weights, fixtureValues(`${name}/final/${theirs}`), WEIGHT_BOUND);
    }
  });
});

// Five shards do not divide the 16 samples of a step.
const PHASE_CASES = BACKENDS.flatMap((backend) => [1, 5].map((shards) => [backend, shards] as const));

describe.each(PHASE_CASES)('shards, NORM and UPDATE on %s with %i shards', (backend, shards) => {
  it.each(OPTIMIZER_CASES.map((one) => [one.name, one] as const))(
    '%s goes the way of PyTorch, clipping included',
    (name, one) => {
      const bench = new PhaseBench({
        backend,
        layers: FIXTURE_LAYERS,
        loss: 'crossEntropy',
        samples: FIXTURE_SAMPLES,
        shards,
        batchSize: one.batch,
        optimizer: one.optimizer,
        clipNorm: one.clipNorm,
      });
      for (const [ours, theirs] of Object.entries(FIXTURE_NAMES)) {
        const values = fixtureValues(`init/${theirs}`);
        bench.setValues(bench.generation(0), (i) => values[i], ours);
      }
      const losses = Array.from({ length: one.steps }, (_, step) => {
        bench.runShards(step);
        bench.runRanges(step);
        const { lossNumerator, denominator } = bench.ranges[0].totals.read(step);
        return lossNumerator / denominator;
      });
      expectClose(losses, fixtureValues(`${name}/losses`), LOSS_BOUND);
      for (const [ours, theirs] of Object.entries(FIXTURE_NAMES)) {
        const weights = bench.valuesOf(bench.generation(one.steps), ours);
        expectClose(weights, fixtureValues(`${name}/final/${theirs}`), WEIGHT_BOUND);
      }
    },
  );
});
