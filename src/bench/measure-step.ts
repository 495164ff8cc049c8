// Numbers of workers → what the step protocol itself costs: steps in which nothing is computed. Main thread; starts threads of its own.
import { Worker } from 'node:worker_threads';
import { changeOf, currentWord32, currentWord64, perform } from '../engine/atomics.ts';
import { type Coordinator, coordinatorNext, createCoordinator, isQuiet } from '../engine/coordinator-machine.ts';
import type { EmptyStepJob } from '../engine/job.ts';
import { ctlStep, initializeWords, layOutWords, OP, SEAT, seatWord, type Words } from '../engine/protocol-words.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** A row of the report; µs a step. */
export interface StepRow {
  workers: number;
  /** All of a step: shards and ranges claimed and marked, two phase ends, one of them the commit. */
  step: Spread;
  /** The same with the phase NORM, which clipping needs. */
  withNorm: Spread;
  /** One shard and one range: what is left when there is nothing to claim. */
  bare: Spread;
  /** What one phase more costs with one range: a claim, its mark, the end of the phase. */
  phaseEndUs: number;
}

/** All of `lockstep bench step`. */
export interface StepReport {
  shards: number;
  ranges: number;
  cores: number;
  rows: StepRow[];
}

/** What is measured, and how thoroughly. */
export interface StepOptions {
  workerCounts: readonly number[];
  cores: number;
  shards: number;
  ranges: number;
  /** Steps of each of the repeats. */
  steps: number;
  repeats: number;
  onRow?: (row: StepRow) => void;
}

// As in the engine: about 20 µs.
const SPIN_TURNS = 2000;
const POLL_MS = 2;

/** Measures one number of workers after the other. */
export async function measureStep(options: StepOptions): Promise<StepReport> {
  const { workerCounts, cores, shards, ranges, onRow } = options;
  const rows: StepRow[] = [];
  for (const workers of workerCounts) {
    const us = async (shape: { shards: number; ranges: number; hasNorm: boolean }) =>
      spreadOf(await measureShape(workers, shape, options));
    const step = await us({ shards, ranges, hasNorm: false });
    const withNorm = await us({ shards, ranges, hasNorm: true });
    const bare = await us({ shards: 1, ranges: 1, hasNorm: false });
    const bareWithNorm = await us({ shards: 1, ranges: 1, hasNorm: true });
    const row = { workers, step, withNorm, bare, phaseEndUs: bareWithNorm.median - bare.median };
    rows.push(row);
    onRow?.(row);
  }
  return { shards, ranges, cores, rows };
}

async function measureShape(
  workers: number,
  shape: { shards: number; ranges: number; hasNorm: boolean },
  { cores, steps, repeats }: StepOptions,
): Promise<number[]> {
  const run = new EmptyRun(layOutWords({ ...shape, chunks: 0, seats: workers }), workers <= cores ? SPIN_TURNS : 0);
  try {
    await run.start();
    const figures: number[] = [];
    // The first one is for the compilers.
    for (let repeat = 0; repeat <= repeats; repeat++) {
      const ms = await run.train(steps);
      if (repeat > 0) figures.push((1000 * ms) / steps);
    }
    return figures;
  } finally {
    await run.stop();
  }
}

/** A gang of threads that train nothing. */
class EmptyRun {
  readonly #words: Words;
  readonly #control: { words64: BigInt64Array; words32: Int32Array };
  readonly #coordinator: Coordinator;
  readonly #threads: Worker[] = [];
  #failure: Error | undefined;

  constructor(words: Words, spinTurns: number) {
    this.#words = words;
    const memory64 = new SharedArrayBuffer(words.count64 * 8);
    const memory32 = new SharedArrayBuffer(words.count32 * 4);
    this.#control = { words64: new BigInt64Array(memory64), words32: new Int32Array(memory32) };
    initializeWords(words, this.#control.words64, this.#control.words32, 0);
    this.#coordinator = createCoordinator(words);
    for (let seat = 0; seat < words.seats; seat++) {
      this.#control.words32[seatWord(words, seat)] = SEAT.boot;
      this.#coordinator.live[seat] = 1;
      const workerData: EmptyStepJob = { words, memory64, memory32, seat, spinTurns };
      const thread = new Worker(new URL('../../workers/empty-step.js', import.meta.url), { workerData });
      thread.on('error', (error: Error) => {
        this.#failure ??= error;
      });
      this.#threads.push(thread);
    }
  }

  async start(): Promise<void> {
    this.#coordinator.isHeld = true;
    await this.#until(() => this.#coordinator.parked === this.#words.seats);
    this.#coordinator.isHeld = false;
  }

  /** Ms of so many steps more. */
  async train(steps: number): Promise<number> {
    const goal = this.#step + steps;
    const start = performance.now();
    this.#coordinator.goal = BigInt(goal);
    await this.#until(() => this.#step >= goal && isQuiet(this.#coordinator));
    return performance.now() - start;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  get #step(): number {
    return ctlStep(currentWord64(this.#control.words64, this.#words.ctl));
  }

  async #until(isDone: () => boolean): Promise<void> {
    const { words32 } = this.#control;
    for (;;) {
      const bell = currentWord32(words32, this.#words.coordBell);
      for (let op = coordinatorNext(this.#coordinator); op !== OP.rest; op = coordinatorNext(this.#coordinator)) {
        perform(op, this.#coordinator, this.#control, 0);
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (isDone()) return;
      await changeOf(words32, this.#words.coordBell, bell, POLL_MS);
    }
  }
}
