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
export function createEnv(map: MemoryMap, seat: number): Float64Array {
  const env = new Float64Array(ENV_LENGTH);
  const own = map.seats + seat * map.seatStride;
  env[ENV.activations] = own;
  env[ENV.scratch] = own + map.seatScratch;
  env[ENV.constants] = map.constants;
  env[ENV.inputs] = map.inputs;
  env[ENV.targets] = map.targets;
  return env;
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
    this.#env = createEnv(map, seat);
    this.#env[ENV.seedLow] = training.sampler.seed >>> 0;
    this.#env[ENV.seedHigh] = Math.floor(training.sampler.seed / 2 ** 32) >>> 0;
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
    const { sampler } = this.#training;
    const batch = stepBatch(sampler, step);
    const range = shardRange(batch.count, sampler.shards, shard);
    const tail = this.#views.gradientTail(buffer);
    if (range.count === 0) {
      tail.fill(0);
      return true;
    }
    this.#placeStep(step, buffer);
    const order = this.#map.orders + (batch.epoch % this.#map.orderCount) * this.#map.orderBytes;
    for (let done = 0; done < range.count; done += this.#rows) {
      this.#env[ENV.rows] = Math.min(this.#rows, range.count - done);
      this.#env[ENV.accumulate] = done === 0 ? 0 : 1;
      this.#env[ENV.ids] = order + (batch.start + range.start + done) * 4;
      if (!this.#runMicroBatch(shouldStop)) return false;
    }
    tail[this.#map.sumCells] = range.count;
    return true;
  }

  /** The label of the kernel call that is under way, or that threw. */
  current(): string {
    return this.#parts[this.#part].calls.current();
  }

  #placeStep(step: number, buffer: number): void {
    const gradients = this.#map.gradients + buffer * this.#map.gradientStride;
    this.#env[ENV.step] = step;
    this.#env[ENV.parameters] = this.#map.generations[step & 1];
    this.#env[ENV.gradients] = gradients;
    this.#env[ENV.sums] = gradients + this.#map.gradientTail;
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
