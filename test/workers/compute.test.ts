// The compute worker in threads, against the same phases done one after the other by this thread: the same bytes.
import { afterEach, describe, expect, it } from 'vitest';
import { currentWord32 } from '#src/engine/atomics.js';
import { Engine } from '#src/engine/engine.js';
import type { EngineSpec, Evaluation } from '#src/engine/engine-spec.js';
import { EvaluationPhase } from '#src/engine/evaluation-phase.js';
import { createPool, type WorkerPool } from '#src/engine/pool.js';
import { PHASE, SEAT, seatWord } from '#src/engine/protocol-words.js';
import type { WorkerRecovery } from '#src/engine/recovery.js';
import { compileKernels } from '#src/kernels/wasm.js';
import { optimizerSchema } from '#src/optim/optim.schema.js';
import { packPlan } from '#src/plan/plan.js';
import type { BenchSpec, PhaseBench } from '../engine/phase-bench.ts';
import { openBench } from '../engine/small-samples.ts';

const module = compileKernels('simd');
const ADAM = optimizerSchema.parse({ name: 'adam', lr: 0.01 });
/** 50 to train in batches of 17 (the last of 16), 8 to validate, 6 to test. */
const SPEC = { optimizer: ADAM, isShuffled: true, validationSamples: 8, testSamples: 6, microBatch: 2 } as const;

let pool: WorkerPool | undefined;
afterEach(() => pool?.destroy());

interface Step {
  step: number;
  lossNumerator: number;
  correct: number;
  samples: number;
}

/** Threads in the first seats of a bench's memory. */
function openEngine(
  bench: PhaseBench,
  workers: number,
  { faults = [], recovery, onFirst }: Partial<Pick<EngineSpec, 'faults' | 'recovery'>> & { onFirst?: () => void } = {},
): { engine: Engine; steps: Step[]; recoveries: WorkerRecovery[] } {
  const steps: Step[] = [];
  const recoveries: WorkerRecovery[] = [];
  pool = createPool(workers);
  const { memory, plan, map, training } = bench;
  const onStep: EngineSpec['onStep'] = ({ step, lossNumerator, correct, samples }) => {
    if (step === 0) onFirst?.();
    steps.push({ step, lossNumerator, correct, samples });
  };
  const trainIds = Uint32Array.from({ length: training.sampler.trainSamples }, (_, i) => i);
  const engine = new Engine({
    ...{ memory, module, build: 'simd', plan, map, training, trainIds, pool, faults, recovery, onStep },
    onRecovery: (told) => void recoveries.push(told),
    // More workers than cores sleep where the others spin.
    cores: 2,
  });
  return { engine, steps, recoveries };
}

/** The same steps by this thread alone. */
function trainAlone(bench: PhaseBench, count: number, first = 0): Step[] {
  return Array.from({ length: count }, (_, i) => {
    const step = first + i;
    bench.runShards(step);
    bench.runRanges(step);
    const { lossNumerator, correct, samples } = bench.ranges[0].totals.read(step);
    return { step, lossNumerator, correct, samples };
  });
}

function evaluateAlone(bench: PhaseBench, phase: number, step: number): number[] {
  const evaluation = new EvaluationPhase(bench.plan, bench.kernels, bench.map, bench.views, bench.training, 0);
  for (let chunk = 0; chunk < bench.map.chunks; chunk++) evaluation.run(step, phase, chunk);
  return [...bench.views.chunkCells];
}

const stateOf = (bench: PhaseBench, step: number): Buffer =>
  bench.bytes(bench.map.generations[step & 1], bench.map.arrayBytes * (1 + bench.map.stateCount));

const open = (keys: Partial<BenchSpec>): PhaseBench => openBench({ ...SPEC, ...keys });

describe.each([1, 2, 3, 5])('%i workers', (workers) => {
  const title = 'train and evaluate to the bytes of one thread alone, clipNorm %s';
  it.each([null, 0.05])(title, { timeout: 30_000 }, async (clipNorm) => {
    const [alone, shared] = [open({ seats: 5, clipNorm }), open({ seats: 5, clipNorm })];
    const { engine, steps } = openEngine(shared, workers);
    await engine.start();
    await engine.runTo(7);
    await engine.runTo(20);
    expect(steps).toEqual(trainAlone(alone, 20));
    expect(stateOf(shared, 20).equals(stateOf(alone, 20))).toBe(true);
    // Evaluations between two stretches: of this step's weights, then of the next one's and of those that were kept.
    const cells = async (part: Evaluation): Promise<number[]> => {
      await engine.evaluate(part);
      return [...shared.views.chunkCells];
    };
    expect(await cells('validate')).toEqual(evaluateAlone(alone, PHASE.validate, 20));
    engine.keepBest(0);
    const testedAt20 = evaluateAlone(alone, PHASE.test, 20);
    await engine.runTo(21);
    trainAlone(alone, 1, 20);
    expect(await cells('test')).toEqual(evaluateAlone(alone, PHASE.test, 21));
    expect(await cells('testBest')).toEqual(testedAt20);
    await engine.stop();
  });
});

describe('a compute worker', () => {
  it('outlasts the rings of records and of orders: 1,100 epochs of one step', { timeout: 30_000 }, async () => {
    const keys = { count: 22, batchSize: 8, shards: 3 };
    const [alone, shared] = [open(keys), open(keys)];
    expect([shared.map.records, shared.map.orderCount]).toEqual([1024, 256]);
    const { engine, steps } = openEngine(shared, 2);
    await engine.start();
    await engine.runTo(1100);
    await engine.stop();
    expect(steps).toEqual(trainAlone(alone, 1100));
    expect(stateOf(shared, 1100).equals(stateOf(alone, 1100))).toBe(true);
  });

  // A coordinator that is busy: it does not come back from the first record until everybody stands at the gate.
  it.each([
    ['the 256 orders that lie ready, of one step each', { count: 22, batchSize: 8 }, 256],
    ['the 1,024 records of the ring', { batchSize: 1 }, 1024],
  ])('waits at the gate before it outruns %s', { timeout: 30_000 }, async (_title, sizes, gate) => {
    const [alone, shared] = [open({ ...sizes, shards: 3 }), open({ ...sizes, shards: 3 })];
    let reached = -1;
    const { views, map } = shared;
    const isParked = (seat: number): boolean => currentWord32(views.words32, seatWord(map.words, seat)) === SEAT.parked;
    const onFirst = (): void => {
      while (!isParked(0) || !isParked(1));
      reached = engine.step;
    };
    const { engine, steps } = openEngine(shared, 2, { onFirst });
    await engine.start();
    await engine.runTo(1100);
    await engine.stop();
    expect(reached).toBe(gate);
    expect(steps).toEqual(trainAlone(alone, 1100));
    expect(stateOf(shared, 1100).equals(stateOf(alone, 1100))).toBe(true);
  });

  it('stops the run at an infinite loss, though its gradient is finite, and commits nothing', {
    timeout: 30_000,
  }, async () => {
    const bench = open({});
    // A class of probability 0: −ln 0 for its samples, and gradients of −1.
    bench.setValues(bench.generation(0), (i) => (i === 0 ? Number.NEGATIVE_INFINITY : 0), 'dense2.bias');
    const { engine } = openEngine(bench, 2);
    await engine.start();
    await expect(engine.runTo(3)).rejects.toThrow(
      'step 0, dense2: expected finite weights, got -Infinity in dense2.bias before the step; lower the spread of its first values',
    );
    expect(engine.step).toBe(0);
    await engine.stop();
  });

  it.each([null, 1])(
    'stops the run at an infinite gradient, though the loss is finite, clipNorm %s',
    {
      timeout: 30_000,
    },
    async (clipNorm) => {
      const bench = open({ clipNorm });
      // Weights of 0 hide the huge inputs from the loss; their gradient is these inputs times some 20.
      bench.floats(bench.map.inputs, 64 * 40).fill(3e38);
      bench.setValues(bench.generation(0), () => 0, 'dense1.weight');
      bench.setValues(bench.generation(0), (i) => 20 * (i % 7), 'dense2.weight');
      const { engine, steps } = openEngine(bench, 2);
      await engine.start();
      await expect(engine.runTo(3)).rejects.toThrow(
        /^step 0, shard 0, dense1: expected finite numbers, got .* → d dense1\.weight for samples \d+/,
      );
      expect([engine.step, steps]).toEqual([0, []]);
      const { lossNumerator, denominator } = bench.ranges[0].totals.read(0);
      expect(lossNumerator / denominator).toBeLessThan(1000);
      await engine.stop();
    },
  );

  it('leaves when it is told to, before any step', { timeout: 30_000 }, async () => {
    const { engine } = openEngine(open({}), 2);
    await engine.start();
    await engine.stop();
    expect(engine.step).toBe(0);
  });

  it('fails with its place in front of the cause where no worker may be lost', { timeout: 30_000 }, async () => {
    const faults = [{ seat: 0, step: 2, kind: 'throw' }] as const;
    const recovery = { maxRestarts: 0, windowSeconds: 60, deadlineSeconds: 'auto' } as const;
    const { engine } = openEngine(open({}), 1, { faults, recovery });
    await engine.start();
    await expect(engine.runTo(9)).rejects.toThrow(
      /^worker 0, step 2, SHARDS, shard 0, .+: a fault was asked for; 1 worker lost in 60 s, more than recovery\.maxRestarts=0; step 2 is the last good state$/,
    );
    await engine.stop();
  });

  it('refuses a plan that it cannot read', { timeout: 30_000 }, async () => {
    const { memory, map, plan, training } = open({});
    pool = createPool(1);
    const job = { seat: 0, memory, module, build: 'simd' as const, map, training, spinTurns: 0, faults: [] };
    const old = packPlan({ ...plan, version: 0 as unknown as 1 });
    await expect(pool.run({ ...job, plan: old })).rejects.toThrow('plan: expected version 1, got 0');
  });
});
