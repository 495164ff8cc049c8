// Marks of what a worker turns to next → ms in each phase, in the worker's own cells. Worker; the coordinator reads them.
import { SEAT_CELLS } from './memory-map.ts';

/** What a worker's time is told apart into; the first seven are those of the metrics, `evaluate` is no part of a step. */
export const TIMED_PHASES = [
  'gather',
  'forward',
  'backward',
  'reduce',
  'update',
  'wait',
  'coordinator',
  'evaluate',
] as const;

/** Index into `TIMED_PHASES`. */
export const TIMED = {
  gather: 0,
  forward: 1,
  backward: 2,
  reduce: 3,
  update: 4,
  wait: 5,
  coordinator: 6,
  evaluate: 7,
} as const;

// performance.now() counts from each thread's own start, hrtime from the machine's: the difference, once a thread.
const OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Ms of the one clock that all threads share. */
export const clockMs = (): number => performance.now() + OFFSET_MS;

/** Adds the time since the last mark to the phase that was under way. */
export class PhaseClock {
  readonly #cells: Float64Array;
  #phase: number = TIMED.coordinator;
  #lastMs = clockMs();

  constructor(cells: Float64Array) {
    this.#cells = cells;
  }

  /** From now on it is `phase`. */
  mark(phase: number): void {
    const now = clockMs();
    this.#cells[SEAT_CELLS.times + this.#phase] += now - this.#lastMs;
    this.#lastMs = now;
    this.#phase = phase;
  }

  /** Leaves out what lies before `startMs`: planned pauses between two stretches of steps are nobody's time. */
  skipTo(startMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, startMs);
  }
}
