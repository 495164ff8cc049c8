// Seats of the pool → each with a living worker: who is lost, stuck or to be terminated, and who takes the seat. Coordinator.
import { packPlan } from '../plan/plan.ts';
import { bump, currentWord32, currentWord64, isAsleep } from './atomics.ts';
import type { Coordinator } from './coordinator-machine.ts';
import type { EngineSpec } from './engine-spec.ts';
import { SEAT_CELLS } from './memory-map.ts';
import { clockMs } from './phase-clock.ts';
import { beatWord, ctlPhase, ctlStep, PHASE_NAMES, SEAT, seatWord } from './protocol-words.ts';
import { DEFAULT_RECOVERY, describeCause, RestartLimit, SeatWatch } from './recovery.ts';
import type { SharedViews } from './shared-views.ts';
import { describePlace, describeRecovery, type WorkerLoss } from './worker-loss.ts';

/** JavaScript ends within milliseconds of being told; a native call that does not return cannot be ended. */
export const TERMINATION_MS = 10_000;
// About 20 µs: longer than the gaps inside a step, shorter than what a sleep and a wake-up cost.
const SPIN_TURNS = 2000;
// A belt behind the watch over each worker: nothing at all has moved for so long.
const LIFELESS_MS = 120_000;

type Place = Omit<WorkerLoss, 'error'>;

/** Keeps a worker on each seat that there shall be. */
export class WorkerSeats {
  /** Seats that there shall be: 0 up to this. */
  count: number;
  readonly #spec: EngineSpec;
  readonly #views: SharedViews;
  readonly #machine: Coordinator;
  /** Ends the run. */
  readonly #fail: (message: string, cause?: Error) => void;
  readonly #tasks: (Promise<void> | undefined)[] = [];
  readonly #watch: SeatWatch;
  readonly #restarts: RestartLimit;
  /** By seat: what became of its task, between its end and the sweep. */
  readonly #lost: (WorkerLoss | undefined)[] = [];
  /** By seat: why and when it was told to end where it is. */
  readonly #terminated: ({ cause: string; atMs: number } | undefined)[] = [];
  readonly #killsSeen: number[] = [];
  #life = { signs: 0, sinceMs: 0 };

  constructor(
    spec: EngineSpec,
    views: SharedViews,
    machine: Coordinator,
    fail: (message: string, cause?: Error) => void,
  ) {
    this.#spec = spec;
    this.#views = views;
    this.#machine = machine;
    this.#fail = fail;
    this.count = spec.pool.workers;
    const rules = spec.recovery ?? DEFAULT_RECOVERY;
    this.#watch = new SeatWatch(spec.map.maxWorkers, rules);
    this.#restarts = new RestartLimit(rules);
  }

  /** A worker for each seat that has none; those beyond `count` leave after the step under way. */
  fill(): void {
    for (let seat = 0; seat < this.#spec.map.maxWorkers; seat++) {
      this.#machine.leaving[seat] = seat < this.count ? 0 : 1;
      if (seat < this.count && this.#machine.live[seat] === 0) this.#seatWorker(seat);
    }
  }

  /** The median of steps says after how long a worker is stuck. */
  addStep(stepMs: number): void {
    this.#watch.addStep(stepMs);
  }

  /** Nobody has looked for a while, and nobody was stuck meanwhile. */
  beginLooking(): void {
    this.#life = { signs: -1, sinceMs: 0 };
    this.#watch.look(clockMs());
  }

  /** Ends the threads of workers that are stuck, and the run where nothing at all moves. */
  look(): void {
    const now = clockMs();
    this.#watch.look(now);
    for (let seat = 0; seat < this.#spec.map.maxWorkers; seat++) {
      if (this.#machine.live[seat] === 1 && this.#machine.gone[seat] === 0) this.#lookAt(seat, now);
    }
    this.#checkLife(now);
  }

  /** The claims of a seat are free again: a new worker takes it, as long as there shall be one and the run may go on. */
  afterSweep(seat: number): void {
    const loss = this.#lost[seat];
    const terminated = this.#terminated[seat];
    this.#lost[seat] = undefined;
    this.#terminated[seat] = undefined;
    // Whoever is ended because the run is over is no loss, and nobody takes its seat.
    if (this.#machine.mustStop) return;
    if (loss !== undefined) {
      const cause = terminated?.cause ?? describeCause(loss.error);
      if (!this.#restarts.add(clockMs())) {
        this.#fail(this.#describeLoss(seat, loss, cause), loss.error);
        return;
      }
      this.#spec.onRecovery?.(describeRecovery(seat, loss, cause));
    }
    if (seat < this.count) this.#seatWorker(seat);
    else void this.#spec.pool.release(seat);
  }

  /** Resolves when everybody has left who stands at the gate; a thread that still loads its code, or computes, is not waited for. */
  async left(): Promise<void> {
    const { seats, live } = this.#machine;
    await Promise.allSettled(this.#tasks.filter((_, seat) => live[seat] === 1 && seats[seat] === SEAT.parked));
  }

  #seatWorker(seat: number): void {
    const { pool, memory, module, build, blas, plan, map, training, cores, faults = [] } = this.#spec;
    this.#views.words32[seatWord(map.words, seat)] = SEAT.boot;
    this.#machine.live[seat] = 1;
    this.#watch.forget(seat);
    const spinTurns = this.count <= cores ? SPIN_TURNS : 0;
    const job = { seat, memory, module, build, blas, plan: packPlan(plan), map, training, spinTurns, faults };
    this.#tasks[seat] = pool.run(job).then(
      () => this.#noteEnd(seat, undefined),
      (error: Error) => this.#noteEnd(seat, error),
    );
  }

  /** Nothing of the seat's thread runs any more: its claims are swept at the next look, whatever is going on. */
  #noteEnd(seat: number, error: Error | undefined): void {
    const wasParked = this.#stateOf(seat) !== SEAT.run;
    if (error !== undefined) this.#lost[seat] = { error, ...this.#placeOf(seat, wasParked) };
    this.#machine.gone[seat] = 1;
    bump(this.#views.words32, this.#spec.map.words.coordBell);
  }

  /** Where the worker of a seat was when it was lost. */
  #placeOf(seat: number, wasParked: boolean): Place {
    const cells = this.#views.seatCells(seat);
    const isNew = wasParked && this.#machine.dealt[seat] === 0;
    const index = isNew ? -1 : cells[SEAT_CELLS.index];
    const ctl = currentWord64(this.#views.words64, this.#spec.map.words.ctl);
    const between = isNew ? 'BOOT' : wasParked ? 'GATE' : PHASE_NAMES[ctlPhase(ctl)];
    return {
      step: index < 0 ? ctlStep(ctl) : cells[SEAT_CELLS.step],
      phase: index < 0 ? between : PHASE_NAMES[cells[SEAT_CELLS.phase]],
      index,
      beganAt: index < 0 ? clockMs() - this.#watch.quietMs(seat) : cells[SEAT_CELLS.beganAt],
    };
  }

  #stateOf(seat: number): number {
    return currentWord32(this.#views.words32, seatWord(this.#spec.map.words, seat));
  }

  #beatOf(seat: number): number {
    return currentWord32(this.#views.words32, beatWord(this.#spec.map.words, seat));
  }

  /** Ends a worker's thread; what it had claimed is free when it is gone. */
  #terminate(seat: number, cause: string): void {
    if (this.#terminated[seat] !== undefined) return;
    this.#terminated[seat] = { cause, atMs: clockMs() };
    this.#spec.pool.terminate(seat);
  }

  #lookAt(seat: number, now: number): void {
    const terminated = this.#terminated[seat];
    if (terminated !== undefined && now - terminated.atMs > TERMINATION_MS) {
      this.#fail(
        `worker ${seat}: ${terminated.cause}; its thread was told to end and is in a native call that does not return`,
      );
      return;
    }
    const kills = this.#views.seatCells(seat)[SEAT_CELLS.killAsked];
    if (kills !== (this.#killsSeen[seat] ?? 0)) this.#terminate(seat, 'it was terminated, as a fault asked for');
    this.#killsSeen[seat] = kills;
    const state = this.#stateOf(seat);
    const isWorking = state === SEAT.run && !isAsleep(this.#views.words32, this.#spec.map.words.sleepers, seat);
    const life = state === SEAT.boot ? 'boot' : isWorking ? 'run' : 'idle';
    if (!this.#watch.isStuck(seat, this.#beatOf(seat) + state, life)) return;
    this.#terminate(seat, `no sign of life for ${this.#watch.quietMs(seat).toFixed(0)} ms`);
  }

  #checkLife(now: number): void {
    const { words, maxWorkers } = this.#spec.map;
    let signs = Number(BigInt.asUintN(32, currentWord64(this.#views.words64, words.ctl)));
    for (let seat = 0; seat < maxWorkers; seat++) signs += this.#beatOf(seat) + this.#stateOf(seat);
    if (signs !== this.#life.signs) this.#life = { signs, sinceMs: now };
    else if (now - this.#life.sinceMs > LIFELESS_MS) {
      const { seats, live } = this.#machine;
      const seat = Math.max(
        0,
        seats.findIndex((state, s) => live[s] === 1 && state !== SEAT.parked),
      );
      const place = this.#placeOf(seat, false);
      this.#fail(`${describePlace(seat, place)}: no sign of life of anybody for ${LIFELESS_MS / 1000} s`);
    }
  }

  /** The reason of a run that ends because too many workers were lost. */
  #describeLoss(seat: number, loss: WorkerLoss, cause: string): string {
    // A task that threw names its own place; a thread that is gone left it in its cells.
    const what = cause.startsWith(`worker ${seat},`) ? cause : `${describePlace(seat, loss)}: ${cause}`;
    return `${what}; ${this.#restarts.describe()}`;
  }
}
