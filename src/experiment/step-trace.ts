// One step of a replay → what each phase made of it: samples, sums and gradients by shard, the reduced gradient, weights and states. Coordinator.
import { createHash } from 'node:crypto';
import { shardRange, stepBatch } from '../data/sampler.ts';
import { createEnv, orderAddress, placeShard } from '../engine/shard-phase.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import { compileKernels, instantiateKernels } from '../kernels/wasm.ts';
import { createInterpreter } from '../plan/interpreter.ts';
import { ENV, type PlanParameter, type PlanStatistic } from '../plan/plan.ts';
import type { Replay } from './recorded-run.ts';

/** A tensor and the first digits of its SHA-256: equal ones have equal bits. */
export interface TracedTensor {
  name: string;
  hash: string;
}

/** What a shard left. */
export interface TracedShard {
  shard: number;
  sampleIds: number[];
  /** The loss's f64 sums by the plan's names. */
  sums: Record<string, number>;
  gradients: TracedTensor[];
  /** By sample; a sample behind one whose loss is not finite has none of its own. */
  losses: number[];
}

/** The reduced gradient of a parameter, before clipping. */
export interface TracedGradient extends TracedTensor {
  layer: string;
  /** 2-norm. */
  norm: number;
}

export interface StepTrace {
  step: number;
  /** Why the step was not committed, where it was not: the first value that is no number, its op and its samples. */
  failure: string | null;
  loss: number;
  lr: number | null;
  gradNorm: number | null;
  before: TracedTensor[];
  shards: TracedShard[];
  reduced: TracedGradient[];
  /** Empty where the step failed. */
  after: TracedTensor[];
}

const HASH_DIGITS = 16;

/** Computes step `step` with the replay's worker and looks at all that it left; the replay is of no use afterwards. */
export async function traceStep(
  replay: Replay,
  step: number,
  record: () => CommittedStep | undefined,
): Promise<StepTrace> {
  await replay.runTo(step);
  const before = stateTensors(replay, step);
  // What the step reads is looked at when it is committed.
  replay.session.engine.keepSamples(step);
  const failure = await failureOf(() => replay.runTo(step + 1));
  const shards = filledShards(replay, step).map((shard) => traceShard(replay, step, shard));
  const committed = failure === null ? record() : undefined;
  const sum = (name: string) => shards.reduce((total, { sums }) => total + sums[name], 0);
  const [numerator, denominator] = replay.run.plan.sums;
  return {
    step,
    failure,
    loss: committed === undefined ? sum(numerator) / sum(denominator) : committed.lossNumerator / committed.denominator,
    lr: committed?.lr ?? null,
    gradNorm: committed?.gradNorm ?? null,
    before,
    shards,
    reduced: traceReduced(replay, shards.length, sum(denominator)),
    after: failure === null ? stateTensors(replay, step + 1) : [],
  };
}

async function failureOf(run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    // A step that is halted for its numbers; anything else is no finding.
    if (error instanceof Error && error.name === 'RunError') return error.message;
    throw error;
  }
}

function filledShards({ run }: Replay, step: number): number[] {
  const { sampler } = run.training;
  const count = Math.min(stepBatch(sampler, step).count, sampler.shards);
  return Array.from({ length: count }, (_, shard) => shard);
}

/** Parameters and statistics, then the states, each by its name, of the state after `done` steps. */
function stateTensors({ run, session }: Replay, done: number): TracedTensor[] {
  const { map, plan, states } = run;
  const places = [...plan.parameters, ...plan.statistics];
  return ['', ...states.names].flatMap((state, array) => {
    const at = map.generations[done & 1] + array * map.arrayBytes;
    const values = new Float32Array(session.memory.buffer, at, map.arrayBytes / 4);
    return (array === 0 ? places : plan.parameters).map((place) => ({
      name: state === '' ? place.name : `${state}.${place.name}`,
      hash: hashOf(values, place),
    }));
  });
}

function hashOf(values: Float32Array, { elementOffset, elements }: PlanParameter | PlanStatistic): string {
  const part = values.subarray(elementOffset, elementOffset + elements);
  // Shared memory is not taken by every hash: a copy.
  const bytes = new Uint8Array(part.slice().buffer);
  return createHash('sha256').update(bytes).digest('hex').slice(0, HASH_DIGITS);
}

function traceShard(replay: Replay, step: number, shard: number): TracedShard {
  const { run, session } = replay;
  const { map, plan, training } = run;
  const at = map.gradients + session.engine.bufferOf(shard) * map.gradientStride;
  const { buffer } = session.memory;
  const values = new Float32Array(buffer, at, plan.parameterElements);
  const cells = new Float64Array(buffer, at + map.gradientTail, plan.sums.length).slice();
  const batch = stepBatch(training.sampler, step);
  const range = shardRange(batch.count, training.sampler.shards, shard);
  const ids = orderAddress(map, batch, step) + range.start * 4;
  return {
    shard,
    sampleIds: [...new Uint32Array(buffer, ids, range.count)],
    sums: Object.fromEntries(plan.sums.map((name, index) => [name, cells[index]])),
    gradients: plan.parameters.map((place) => ({ name: place.name, hash: hashOf(values, place) })),
    losses: sampleLosses(replay, step, shard),
  };
}

/**
 * The forward pass of the shard again, then its loss of the first sample, of the first two, …: the differences are the samples' own. Whole
 * rows must be computed, as some layers look at all of them. The buffer's gradients are not touched, its sums are.
 */
function sampleLosses({ run, session }: Replay, step: number, shard: number): number[] {
  const { map, plan, training, numerics } = run;
  const { memory, engine } = session;
  const env = createEnv(map, 0, training.sampler.seed);
  const kernels = instantiateKernels(compileKernels(numerics.build), memory, numerics.build, numerics.blas);
  const place = placeShard(map, training, env, { step, shard, buffer: engine.bufferOf(shard) });
  const calls = [...plan.train.gather, ...plan.train.forward];
  const isLoss = ({ args }: (typeof calls)[number]): boolean => args.some(([slot]) => slot === ENV.sums);
  const first = calls.findIndex(isLoss);
  const [before, loss] = [calls.slice(0, first), calls.filter(isLoss)];
  const [forward, sums] = [before, loss].map((part) => createInterpreter(part, kernels, env));
  const cells = new Float64Array(memory.buffer, env[ENV.sums], plan.sums.length);
  const kept = cells.slice();
  const losses: number[] = [];
  for (let done = 0; done < place.count; done += plan.rows) {
    place.place(done, plan.rows);
    forward.run();
    const rows = env[ENV.rows];
    env[ENV.accumulate] = 0;
    let total = 0;
    for (let row = 1; row <= rows; row++) {
      env[ENV.rows] = row;
      sums.run();
      losses.push(cells[0] - total);
      total = cells[0];
    }
  }
  cells.set(kept);
  return losses;
}

/** As UPDATE reduces it: the tree over the slots, times 1 / denominator, piece by piece in the first seat's memory. */
function traceReduced({ run, session }: Replay, shards: number, denominator: number): TracedGradient[] {
  const { map, plan, numerics } = run;
  const { memory, engine } = session;
  const { kernels } = instantiateKernels(compileKernels(numerics.build), memory, numerics.build, numerics.blas);
  const slots = new Uint32Array(memory.buffer, map.seats + map.seatSlots, map.shards);
  for (let v = 0; v < shards; v++) slots[v] = map.gradients + engine.bufferOf(v) * map.gradientStride;
  const out = map.seats + map.seatRange;
  return plan.parameters.map(({ name, layer, elementOffset, elements }) => {
    const hash = createHash('sha256');
    let squares = 0;
    for (let done = 0; done < elements; done += map.ranges.elements) {
      const count = Math.min(map.ranges.elements, elements - done);
      kernels.treeSum(out, slots.byteOffset, shards, (elementOffset + done) * 4, count, map.seats + map.seatTree);
      squares += kernels.scaleSquareSum(out, denominator === 0 ? 0 : 1 / denominator, count);
      hash.update(new Uint8Array(memory.buffer, out, count * 4).slice());
    }
    return { name, layer, norm: Math.sqrt(squares), hash: hash.digest('hex').slice(0, HASH_DIGITS) };
  });
}
