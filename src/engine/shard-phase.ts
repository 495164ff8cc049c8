// A shard of a step → its gradient, loss sums and sample count in one gradient buffer. Worker; the buffer is its own.
import { shardRange, stepBatch } from '../data/sampler.ts';
import type { KernelSet } from '../kernels/kernel-set.ts';
import { createInterpreter, type Interpreter } from '../plan/interpreter.ts';
import { ENV, ENV_LENGTH, type Plan } from '../plan/plan.ts';
import type { TrainingSpec } from './job.ts';
import type { MemoryMap } from './memory-map.ts';
import { type PhaseClock, TIMED } from './phase-clock.ts';
import type { SharedViews } from './shared-views.ts';

/** What runs a plan's calls in one thread: the places in memory that do not change from shard to shard are set. */
export function createEnv(map: MemoryMap, seat: number, seed: number): Float64Array {
  const env = new Float64Array(ENV_LENGTH);
  const own = map.seats + seat * map.seatStride;
  env[ENV.activations] = own;
  env[ENV.scratch] = own + map.seatScratch;
  env[ENV.constants] = map.constants;
  env[ENV.inputs] = map.inputs;
  env[ENV.targets] = map.targets;
  env[ENV.seedLow] = seed >>> 0;
  env[ENV.seedHigh] = Math.floor(seed / 2 ** 32) >>> 0;
  return env;
}

/** A shard whose weights, gradient buffer and sums are set in `env`; `place` sets the samples of a micro-batch. */
export interface PlacedShard {
  /** Samples in the shard. */
  readonly count: number;
  place(done: number, rows: number): void;
}

/** Sets what a shard's calls read and write: generation step & 1, gradient buffer `buffer`, its samples in the epoch's order. */
export function placeShard(
  map: MemoryMap,
  { sampler }: TrainingSpec,
  env: Float64Array,
  { step, shard, buffer }: { step: number; shard: number; buffer: number },
): PlacedShard {
  const batch = stepBatch(sampler, step);
  const range = shardRange(batch.count, sampler.shards, shard);
  const batchIds = map.orders + (batch.epoch % map.orderCount) * map.orderBytes + batch.start * 4;
  const ids = batchIds + range.start * 4;
  const gradients = map.gradients + buffer * map.gradientStride;
  env[ENV.step] = step;
  env[ENV.epoch] = batch.epoch;
  env[ENV.batchIds] = batchIds;
  env[ENV.batchCount] = batch.count;
  env[ENV.parameters] = map.generations[step & 1];
  env[ENV.gradients] = gradients;
  env[ENV.sums] = gradients + map.gradientTail;
  return {
    count: range.count,
    place(done, rows) {
      env[ENV.rows] = Math.min(rows, range.count - done);
      env[ENV.accumulate] = done === 0 ? 0 : 1;
      env[ENV.ids] = ids + done * 4;
    },
  };
}

/** Computes shards; `current` says what kernel call is, or was, under way. */
export class ShardPhase {
  readonly #map: MemoryMap;
  readonly #views: SharedViews;
  readonly #training: TrainingSpec;
  readonly #clock: PhaseClock;
  readonly #rows: number;
  readonly #env: Float64Array;
  readonly #parts: readonly { timed: number; calls: Interpreter }[];
  #part = 0;

  constructor(
    plan: Plan,
    kernels: KernelSet,
    map: MemoryMap,
    views: SharedViews,
    training: TrainingSpec,
    clock: PhaseClock,
    seat: number,
  ) {
    this.#map = map;
    this.#views = views;
    this.#training = training;
    this.#clock = clock;
    this.#rows = plan.rows;
    this.#env = createEnv(map, seat, training.sampler.seed);
    this.#parts = (['gather', 'forward', 'backward'] as const).map((name) => ({
      timed: TIMED[name],
      calls: createInterpreter(plan.train[name], kernels, this.#env),
    }));
  }

  /**
   * Computes shard `shard` of `step` from generation step & 1 into gradient buffer `buffer`, sums and count included.
   * Everything that it writes it first assigns, so that nothing of the buffer's last use remains.
   * @returns false where `shouldStop` said so between two kernel calls: the buffer is worth nothing then.
   */
  run(step: number, shard: number, buffer: number, shouldStop: () => boolean): boolean {
    const { count, place } = placeShard(this.#map, this.#training, this.#env, { step, shard, buffer });
    const tail = this.#views.gradientTail(buffer);
    if (count === 0) {
      tail.fill(0);
      return true;
    }
    for (let done = 0; done < count; done += this.#rows) {
      place(done, this.#rows);
      if (!this.#runMicroBatch(shouldStop)) return false;
    }
    tail[this.#map.sumCells] = count;
    return true;
  }

  /** The label of the kernel call that is under way, or that threw. */
  current(): string {
    return this.#parts[this.#part].calls.current();
  }

  #runMicroBatch(shouldStop: () => boolean): boolean {
    for (this.#part = 0; this.#part < this.#parts.length; this.#part++) {
      const { timed, calls } = this.#parts[this.#part];
      this.#clock.mark(timed);
      if (!calls.run(shouldStop)) return false;
    }
    this.#part = 0;
    return true;
  }
}
