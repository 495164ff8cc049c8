// Signs of life and losses of workers → who is stuck, whether the run may go on, what there is to tell. Coordinator.
import { RunningMedian } from './running-median.ts';

/** How much a run bears; no part of the mathematics. */
export interface RecoveryRules {
  /** So many workers may be lost in a window of `windowSeconds`; one more ends the run. */
  maxRestarts: number;
  windowSeconds: number;
  /** Without a sign of life for so long a worker is stuck; `auto`: from the median of the last steps. */
  deadlineSeconds: 'auto' | number;
}

export const DEFAULT_RECOVERY: RecoveryRules = { maxRestarts: 20, windowSeconds: 60, deadlineSeconds: 'auto' };

/** A worker was lost, what it had claimed is free again, and a new one takes its seat. */
export interface WorkerRecovery {
  worker: number;
  step: number;
  /** Of the step protocol; BOOT before it ever stood at the gate, GATE where it stood there. */
  phase: string;
  /** What it had claimed; none of these where it was between two pieces of work. */
  shard?: number;
  range?: number;
  chunk?: number;
  cause: string;
  /** From when it began what it lost until that was free for others. */
  lostMs: number;
}

/** The last losses. */
export class RestartLimit {
  readonly #rules: RecoveryRules;
  #atMs: number[] = [];

  constructor(rules: RecoveryRules) {
    this.#rules = rules;
  }

  /** A worker is lost now; false where that is one too many. */
  add(nowMs: number): boolean {
    const firstMs = nowMs - this.#rules.windowSeconds * 1000;
    this.#atMs = [...this.#atMs.filter((ms) => ms > firstMs), nowMs];
    return this.#atMs.length <= this.#rules.maxRestarts;
  }

  describe(): string {
    const { maxRestarts, windowSeconds } = this.#rules;
    const lost = this.#atMs.length === 1 ? '1 worker' : `${this.#atMs.length} workers`;
    return `${lost} lost in ${windowSeconds} s, more than recovery.maxRestarts=${maxRestarts}`;
  }
}

// A worker gives a sign between any two kernel calls, far more often than once a step. The least deadline is longer than what a busy
// machine keeps a thread waiting; a false alarm costs a thread's start and no bit.
const DEADLINE_STEPS = 20;
const LEAST_DEADLINE_MS = 2000;
/** Before a step is known. No kernel call takes as long. */
const FIRST_DEADLINE_MS = 60_000;
/** While a thread loads its code, which gives no sign; the others train on meanwhile. */
const BOOT_DEADLINE_MS = 30_000;
const STEPS_KEPT = 31;
/** A look that comes later than this after the last one counts as this: a process that was stopped finds nobody stuck. */
const MOST_LOOK_MS = 100;

interface SeatLife {
  sign: number;
  quietMs: number;
}

/** Who has been without a sign of life for how long. */
export class SeatWatch {
  readonly #rules: RecoveryRules;
  readonly #steps = new RunningMedian(STEPS_KEPT);
  readonly #lives: SeatLife[];
  #lastMs = 0;
  #elapsedMs = 0;

  constructor(seats: number, rules: RecoveryRules) {
    this.#rules = rules;
    this.#lives = Array.from({ length: seats }, () => ({ sign: -1, quietMs: 0 }));
  }

  addStep(stepMs: number): void {
    this.#steps.add(stepMs);
  }

  /** After so long without a sign a worker at work is stuck. */
  get deadlineMs(): number {
    const { deadlineSeconds } = this.#rules;
    if (deadlineSeconds !== 'auto') return deadlineSeconds * 1000;
    const { median } = this.#steps;
    return median === undefined ? FIRST_DEADLINE_MS : Math.max(LEAST_DEADLINE_MS, DEADLINE_STEPS * median);
  }

  /** A look at all seats begins. */
  look(nowMs: number): void {
    this.#elapsedMs = Math.min(nowMs - this.#lastMs, MOST_LOOK_MS);
    this.#lastMs = nowMs;
  }

  /** Whether `seat`, whose signs of life so far are `sign`, is stuck; `idle`: it waits by right. */
  isStuck(seat: number, sign: number, state: 'boot' | 'run' | 'idle'): boolean {
    const life = this.#lives[seat];
    if (state === 'idle' || life.sign !== sign) {
      life.sign = sign;
      life.quietMs = 0;
      return false;
    }
    life.quietMs += this.#elapsedMs;
    return life.quietMs > (state === 'boot' ? BOOT_DEADLINE_MS : this.deadlineMs);
  }

  /** Ms since the last sign of life of a seat whose worker has something to do. */
  quietMs(seat: number): number {
    return this.#lives[seat].quietMs;
  }

  /** A new worker takes the seat. */
  forget(seat: number): void {
    this.#lives[seat] = { sign: -1, quietMs: 0 };
  }
}

/** Why a task was lost, in words. */
export function describeCause(error: Error & { code?: string }): string {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') return 'out of memory: the heap of its thread is full';
  return error.message;
}
