// PyTorch's three whole trainings through the real engine: worker threads, slots, phases, optimizer; and their networks afterwards.
import { afterEach, describe, expect, it } from 'vitest';
import { createPool, type WorkerPool } from '#src/engine/pool.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { openSession, type Session } from '#src/experiment/session.js';
import type { Plan } from '#src/plan/plan.js';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, type Backend, PlanBench } from '../plan/plan-bench.ts';
import { MODEL_FIXTURES, type ModelFixture } from './model-fixtures.ts';

// Sums in another order; over the steps the difference grows.
const LOSS_BOUND = { relative: 1e-4, ofLargest: 0 };
// Adam divides by the root of a squared gradient: where that is small, a rounding moves a weight by a part of lr.
const FINAL_BOUND = { relative: 1e-3, ofLargest: 2e-3 };
// Some ten sums, one after the other.
const OUTPUT_BOUND = { relative: 1e-5, ofLargest: 1e-5 };

let pool: WorkerPool | undefined;
afterEach(async () => {
  await pool?.destroy();
  pool = undefined;
});

interface Trained {
  losses: number[];
  session: Session;
  plan: Plan;
  weightsSha256: string;
}

async function trainFixture(fixture: ModelFixture, keys: Record<string, unknown>): Promise<Trained> {
  const run = prepareRun(fixture.config(keys), { baseDir: '.', dataset: fixture.dataset });
  pool = createPool(run.workers);
  const losses: number[] = [];
  const session = openSession(run, {
    pool,
    onStep: ({ lossNumerator, denominator }) => losses.push(lossNumerator / denominator),
  });
  const weights = session.engine.committed(0);
  for (const { name, elementOffset } of [...run.plan.parameters, ...run.plan.statistics]) {
    weights.set(fixture.values('init', fixture.names[name]), elementOffset);
  }
  await session.engine.start();
  await session.engine.runTo(fixture.steps);
  const { weightsSha256 } = session.hashes();
  await session.engine.stop();
  return { losses, session, plan: run.plan, weightsSha256 };
}

/** What is told apart from noise: all elements but those whose true gradient is 0. */
function withoutNoise({ noise }: ModelFixture, name: string, values: ArrayLike<number>): number[] {
  const [begin, end] = noise[name] ?? [0, 0];
  return Array.from(values).filter((_, i) => i < begin || i >= end);
}

/** A bench with PyTorch's weights and statistics of before or after the training. */
function openBench(fixture: ModelFixture, backend: Backend, which: 'init' | 'final'): PlanBench {
  const { plan, dataset } = prepareRun(fixture.config({ shards: 1 }), { baseDir: '.', dataset: fixture.dataset });
  const { spec } = dataset;
  const elements = spec.samples * spec.input.shape.reduce((product, length) => product * length, 1);
  const inputs = spec.input.storage === 'i32' ? new Int32Array(elements) : new Float32Array(elements);
  const targets = new Int32Array(
    spec.samples * (spec.target.shape ?? []).reduce((product, length) => product * length, 1),
  );
  dataset.fill(inputs, targets);
  const bench = new PlanBench(plan, { spec, inputs, targets }, backend);
  for (const { name, elementOffset } of [...plan.parameters, ...plan.statistics]) {
    bench.parameters.set(fixture.values(which, fixture.names[name]), elementOffset);
  }
  return bench;
}

const batchIds = ({ batch }: ModelFixture): number[] => [...Array(batch).keys()];

describe.each(MODEL_FIXTURES.map((fixture) => [fixture.name, fixture] as const))('%s', (name, fixture) => {
  const shardCounts = name === 'cnn_bn_fashion' ? [1] : [1, 3, 8];
  it.each(shardCounts)(
    'in %i shards has the loss of PyTorch in every step, the same bits for 1, 2 and 3 workers',
    {
      timeout: 120_000,
    },
    async (shards) => {
      const hashes = [];
      for (const workers of [1, 2, 3]) {
        const { losses, weightsSha256 } = await trainFixture(fixture, { shards, workers });
        expectClose(losses, fixture.losses, LOSS_BOUND);
        hashes.push(weightsSha256);
        await pool!.destroy();
      }
      expect(new Set(hashes).size).toBe(1);
    },
  );

  it('ends with the weights of PyTorch', { timeout: 60_000 }, async () => {
    const { session, plan } = await trainFixture(fixture, { workers: 2 });
    const trained = session.engine.committed(0);
    for (const { name, elementOffset, elements } of [...plan.parameters, ...plan.statistics]) {
      // The mean of what a bias of noise has moved.
      if (name.endsWith('runningMean')) continue;
      const ours = withoutNoise(fixture, name, trained.subarray(elementOffset, elementOffset + elements));
      const theirs = withoutNoise(fixture, name, fixture.values('final', fixture.names[name]));
      expectClose(ours, theirs, FINAL_BOUND);
    }
  });

  it.each(BACKENDS)(
    'gives the outputs of PyTorch in evaluation, from its last weights and statistics, on %s',
    (backend) => {
      const bench = openBench(fixture, backend, 'final');
      bench.evaluate(batchIds(fixture));
      const [, outputs] = bench.plan.evaluate.forward.at(-1)!.args;
      expectClose(bench.tensorAt(outputs, fixture.evaluationOutputs.length), fixture.evaluationOutputs, OUTPUT_BOUND);
    },
  );

  it.each(BACKENDS)('has the first gradients of PyTorch on %s; where there is none to have, it is noise', (backend) => {
    const bench = openBench(fixture, backend, 'init');
    bench.train(batchIds(fixture));
    const [, denominator] = bench.sums;
    const gradients = bench.plan.parameters.map(({ name }) => {
      const ours = bench.gradient(name).map((value) => value / denominator);
      return { name, ours, theirs: fixture.values('grad0', fixture.names[name]) };
    });
    const largest = Math.max(...gradients.map(({ theirs }) => Math.max(...Array.from(theirs, Math.abs))));
    for (const { name, ours, theirs } of gradients) {
      const mine = withoutNoise(fixture, name, ours);
      // |a − b| ≤ 1e-5 · the step's largest gradient + 1e-4 · |b|.
      const excess = withoutNoise(fixture, name, theirs).map(
        (value, i) => Math.abs(mine[i] - value) - 1e-5 * largest - 1e-4 * Math.abs(value),
      );
      expect(Math.max(...excess), name).toBeLessThanOrEqual(0);
      const [begin, end] = fixture.noise[name] ?? [0, 0];
      for (let i = begin; i < end; i++) expect(Math.abs(ours[i])).toBeLessThan(1e-5 * largest);
    }
    expect(Object.keys(fixture.names)).toHaveLength(bench.plan.parameters.length + bench.plan.statistics.length);
  });
});
