// A run's state, when it is due → its checkpoint files: holds the generation, says what has been counted, and leaves the copying and
// writing to the writer's thread. The coordinator; training goes on meanwhile.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  CHECKPOINTS_FOLDER,
  checkpointPath,
  type PackedSection,
  packSection,
  SECTION_VERSIONS,
  stepOfFile,
} from '../checkpoint/checkpoint.ts';
import type { SavedAbout } from '../checkpoint/saved-about.schema.ts';
import {
  type ArrayPlace,
  type CopiedMessage,
  type CopyMessage,
  copyArray,
  millisecondsSince,
  type WriteMessage,
  type WriterReply,
} from '../checkpoint/writer.ts';
import type { WriterFault } from '../checkpoint/writer-faults.ts';
import { configSha256 } from '../config/config-hash.ts';
import { clockMs } from '../engine/phase-clock.ts';
import type { Reader } from '../engine/reader-machine.ts';
import { planSha256 } from '../plan/plan.ts';
import { GROWING_FILES } from './cut-rows.ts';
import type { NoticeEvent, TrainEvent } from './events.ts';
import type { PreparedRun } from './prepare.ts';
import type { Progress } from './progress.schema.ts';
import { withAbsolutePaths } from './run-folder.ts';
import type { Session } from './session.ts';
import { lockstepVersion } from './version.ts';

/** What a run's checkpoints are made of. */
export interface CheckpointsSpec {
  run: PreparedRun;
  session: Session;
  /** What relative paths in the config start from. */
  baseDir: string;
  /** The run folder now: it gets its name after the first checkpoint. */
  folder: () => string;
  /** All that was told and decided; called when everything before the held step has been counted. */
  progress: () => Omit<Progress, 'keptBest'>;
  /** Whether there are best weights. */
  hasBest: () => boolean;
  /** The figure of the last evaluation that says what is best; null where there is none of this step. */
  watched: () => number | null;
  keptBest: Progress['keptBest'];
  faults: readonly WriterFault[];
  onEvent: (event: TrainEvent) => void;
}

const WRITER = new URL('../../workers/checkpoint-writer.js', import.meta.url);
/** A state as small as this is copied sooner than another thread has woken up. */
const MOST_SMALL_BYTES = 1 << 20;
/** After a failure the next attempt waits so long, twice as long after each further one. */
const FIRST_RETRY_MS = 5_000;
const MOST_RETRY_MS = 60_000;
/** The last checkpoint of a process is tried so often: nothing comes after it. */
const LAST_ATTEMPTS = 3;

/** Takes, counts and prunes the checkpoints of one run. */
export class Checkpoints {
  readonly #spec: CheckpointsSpec;
  readonly #fixed: PackedSection[];
  readonly #about: Omit<SavedAbout, 'step' | 'epoch' | 'leastLoss' | 'plateau'>;
  #thread: Worker | undefined;
  /** The hold that the writer has, until it has copied. */
  #hold: Reader | undefined;
  /** Steps that are handed over and neither written nor given up: the figure that says what is best, and how long they were held. */
  readonly #pending = new Map<number, { watched: number | null; heldMs: number }>();
  readonly #waiters: (() => void)[] = [];
  #keptBest: Progress['keptBest'];
  #dueMs: number;
  #retryMs = FIRST_RETRY_MS;
  #lastFailure: string | undefined;
  #writtenStep = -1;
  #isBegun = true;
  #replaced = 0;

  constructor(spec: CheckpointsSpec) {
    this.#spec = spec;
    this.#keptBest = spec.keptBest;
    const { run } = spec;
    const { config, plan, numerics, training, states } = run;
    const planHash = planSha256(plan);
    this.#fixed = [packSection('config', withAbsolutePaths(config, spec.baseDir)), packSection('plan', plan)];
    this.#about = {
      lockstep: lockstepVersion(),
      numerics: numerics.numerics,
      backend: numerics.identity,
      configSha256: configSha256(config, numerics.numerics, run.modelSha256),
      planSha256: planHash,
      modelSha256: run.modelSha256 ?? null,
      samples: {
        train: training.sampler.trainSamples,
        validation: training.validationSamples,
        test: training.testSamples,
      },
      states: [...states.names],
    };
    this.#dueMs = this.#nextDueMs();
    // It boots while the workers do: the first copy does not wait for it.
    this.#thread = this.#startThread();
  }

  /** Copies that a newer one took the place of, before they were written. */
  get replaced(): number {
    return this.#replaced;
  }

  /** The next step at which training has to pause for a checkpoint of exactly that step; infinite without `everySteps`. */
  nextPause(step: number): number {
    const { everySteps } = this.#spec.run.config.checkpoint;
    return everySteps === undefined ? Number.POSITIVE_INFINITY : (Math.floor(step / everySteps) + 1) * everySteps;
  }

  /** While the workers go on: takes one where it is due by time. */
  look(): void {
    if (clockMs() < this.#dueMs || this.#hold !== undefined) return;
    if (!this.#pending.has(this.#spec.session.engine.step)) this.#take(true);
  }

  /** At the gate: takes one where training paused for it. With `everySteps: 1` every one is on disk before the next step. */
  async pause(): Promise<void> {
    const { everySteps } = this.#spec.run.config.checkpoint;
    const { step } = this.#spec.session.engine;
    if (everySteps === undefined || step % everySteps !== 0) return this.look();
    if (this.#pending.has(step)) await this.#settled();
    await this.copied();
    this.#take();
    if (everySteps === 1) await this.#settled();
  }

  /**
   * Writes the state before the first step, when nobody has seen anything of the run yet: nothing is told of it.
   * @throws Error where it cannot be written
   */
  async saveFirst(): Promise<void> {
    this.#isBegun = false;
    this.#take();
    await this.#settled();
    this.#isBegun = true;
    if (this.#writtenStep < 0) throw new Error(this.#lastFailure);
  }

  /** Writes the state at the gate, and waits until it is on disk, or could not be for the last time. */
  async saveLast(): Promise<void> {
    const { step } = this.#spec.session.engine;
    for (let attempt = 0; attempt < LAST_ATTEMPTS; attempt++) {
      await this.#settled();
      this.#take();
      await this.#settled();
      if (this.#writtenStep === step) return;
    }
  }

  /** Resolves when no generation and no best weights are being copied: they may be overwritten then. */
  async copied(): Promise<void> {
    while (this.#hold !== undefined) await this.#change();
  }

  /** Lets the writer end what it writes, then its thread. */
  async close(): Promise<void> {
    await this.#settled();
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    thread.postMessage({ kind: 'close' });
    await exit;
  }

  #take(isTraining = false): void {
    const { session, run } = this.#spec;
    const { engine } = session;
    this.#thread ??= this.#startThread();
    const heldSince = process.hrtime.bigint();
    const hold = engine.hold(isTraining);
    if (hold === undefined) return;
    const { step } = hold;
    const arrays = this.#arrays(step);
    this.#thread.postMessage(
      arrays[0].byteLength <= MOST_SMALL_BYTES
        ? this.#copyHere(hold, arrays, heldSince)
        : this.#leaveToWriter(hold, arrays, heldSince),
    );
    engine.readUntil(hold);
    const plateau = session.plateau();
    const about: SavedAbout = {
      ...this.#about,
      step,
      epoch: Math.floor(step / run.stepsPerEpoch),
      leastLoss: engine.leastLossAt(step),
      plateau: plateau && { ...plateau },
    };
    const progress: Progress = { ...this.#spec.progress(), keptBest: this.#keptBest };
    const sections = [packSection('about', about), packSection('progress', progress)];
    const folder = this.#spec.folder();
    const flush = this.#isBegun ? GROWING_FILES.map((name) => join(folder, name)) : [];
    const write: WriteMessage = { kind: 'write', step, path: checkpointPath(folder, step), sections, flush };
    this.#thread.postMessage(write);
    this.#pending.set(step, { watched: this.#spec.watched(), heldMs: 0 });
    this.#dueMs = this.#nextDueMs();
  }

  #leaveToWriter(hold: Reader, arrays: ArrayPlace[], heldSince: bigint): CopyMessage {
    this.#hold = hold;
    return { kind: 'copy', step: hold.step, hold, heldSince, arrays };
  }

  #copyHere(hold: Reader, arrays: ArrayPlace[], heldSince: bigint): CopiedMessage {
    const { session } = this.#spec;
    const copies = arrays.map((place) => copyArray(session.memory, place, []));
    session.engine.release(hold);
    return { kind: 'copied', step: hold.step, heldMs: millisecondsSince(heldSince), copies };
  }

  /** A generation is one stretch of memory. */
  #arrays(step: number): ArrayPlace[] {
    const { map } = this.#spec.run;
    const state = { byteOffset: map.generations[step & 1], byteLength: map.arrayBytes * (1 + map.stateCount) };
    const arrays: ArrayPlace[] = [{ name: 'state', version: SECTION_VERSIONS.state, ...state }];
    if (!this.#spec.hasBest()) return arrays;
    return [
      ...arrays,
      { name: 'best', version: SECTION_VERSIONS.best, byteOffset: map.best, byteLength: map.arrayBytes },
    ];
  }

  #nextDueMs(): number {
    const { everySeconds } = this.#spec.run.config.checkpoint;
    return everySeconds === 0 ? Number.POSITIVE_INFINITY : clockMs() + everySeconds * 1000;
  }

  #startThread(): Worker {
    const { session, run, faults } = this.#spec;
    const thread = new Worker(WRITER, {
      // Those of this process may be for its own script alone, such as --input-type.
      execArgv: [],
      workerData: { memory: session.memory, map: run.map, fixed: this.#fixed, faults },
    });
    thread.on('message', (reply: WriterReply) => this.#receive(reply));
    thread.on('error', (error) => this.#lose(thread, error.message));
    thread.on('exit', (code) => this.#lose(thread, `exit code ${code}`));
    return thread;
  }

  #receive(reply: WriterReply): void {
    if (reply.kind === 'copied') {
      this.#hold = undefined;
      const taken = this.#pending.get(reply.step);
      if (taken !== undefined) taken.heldMs = reply.heldMs;
      if (reply.replacedStep !== null) {
        this.#replaced++;
        this.#pending.delete(reply.replacedStep);
      }
    } else if (reply.kind === 'written') this.#noteWritten(reply);
    else this.#noteFailed(reply.step, reply.path, `${reply.reason}`);
    this.#wake();
  }

  #noteWritten({ step, path, byteLength, ms }: Extract<WriterReply, { kind: 'written' }>): void {
    const { watched = null, heldMs = 0 } = this.#pending.get(step) ?? {};
    this.#pending.delete(step);
    this.#writtenStep = step;
    this.#retryMs = FIRST_RETRY_MS;
    if (watched !== null && this.#isBest(watched)) this.#keptBest = { step, metric: watched };
    if (!this.#isBegun) return;
    this.#prune();
    this.#spec.onEvent({
      type: 'checkpoint',
      step,
      path,
      bytes: byteLength,
      writeMs: ms,
      heldMs,
      replaced: this.#replaced,
    });
  }

  #isBest(watched: number): boolean {
    const { mode } = this.#spec.run.config.evaluation;
    if (this.#keptBest === null || Number.isNaN(this.#keptBest.metric)) return true;
    return mode === 'max' ? watched > this.#keptBest.metric : watched < this.#keptBest.metric;
  }

  /** The last ones and the best one stay. */
  #prune(): void {
    const folder = join(this.#spec.folder(), CHECKPOINTS_FOLDER);
    const { keep } = this.#spec.run.config.checkpoint;
    try {
      const steps = readdirSync(folder).flatMap((name) => stepOfFile(name) ?? []);
      const old = steps.sort((a, b) => b - a).slice(keep);
      for (const step of old) {
        if (step !== this.#keptBest?.step) rmSync(checkpointPath(this.#spec.folder(), step), { force: true });
      }
    } catch (error) {
      this.#warn(
        `${folder}: expected old checkpoints to be removed, got ${(error as Error).message}; free the disk yourself`,
      );
    }
  }

  #noteFailed(step: number, path: string, reason: string): void {
    this.#pending.delete(step);
    this.#lastFailure = reason;
    const seconds = this.#retryMs / 1000;
    this.#dueMs = Math.min(this.#dueMs, clockMs() + this.#retryMs);
    this.#retryMs = Math.min(MOST_RETRY_MS, this.#retryMs * 2);
    if (!this.#isBegun) return;
    this.#warn(
      `${path}: expected a checkpoint of step ${step} on disk, got ${reason}; training goes on, the next attempt comes in ${seconds} s at most`,
    );
  }

  /** The thread is gone: what it held is let go, what it had is lost, and the next one that is due has a new thread. */
  #lose(thread: Worker, reason: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    if (this.#hold !== undefined) this.#spec.session.engine.release(this.#hold);
    this.#hold = undefined;
    const steps = [...this.#pending.keys()];
    for (const step of steps)
      this.#noteFailed(step, checkpointPath(this.#spec.folder(), step), `the writer's end: ${reason}`);
    this.#wake();
  }

  #warn(message: string): void {
    const event: NoticeEvent = { type: 'notice', level: 'warning', message };
    this.#spec.onEvent(event);
  }

  /** Resolves when everything that was taken is written or given up. */
  async #settled(): Promise<void> {
    while (this.#hold !== undefined || this.#pending.size > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
