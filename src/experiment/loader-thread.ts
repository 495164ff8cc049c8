// A stream → its loader's thread: started, watched over, started again where it is lost, ended. Coordinator.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { currentWord32 } from '../engine/atomics.ts';
import type { StreamLoader } from '../engine/engine-spec.ts';
import { clockMs } from '../engine/phase-clock.ts';
import { type RecoveryRules, RestartLimit } from '../engine/recovery.ts';
import type { LoaderJob } from '../engine/sample-loader.ts';
import { attachViews } from '../engine/shared-views.ts';

const LOADER = fileURLToPath(new URL('../../workers/loader.js', import.meta.url));
/** The read of a block takes milliseconds; a disk that is gone does not answer for ever. */
const READ_DEADLINE_MS = 60_000;
const LOOK_MS = 1000;

/** What a loader's thread is made with. */
export interface LoaderThreadSpec {
  job: LoaderJob;
  rules: RecoveryRules;
  /** The thread was lost and another has taken its place: a line for the log. */
  onRecovery: (message: string) => void;
  readDeadlineMs?: number;
}

/** A loader that cannot go on. */
class LoaderError extends Error {
  override readonly name = 'LoaderError';
}

/** The thread, and whichever takes its place. */
export class LoaderThread implements StreamLoader {
  readonly #spec: LoaderThreadSpec;
  readonly #restarts: RestartLimit;
  readonly #words32: Int32Array;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onFailure: (error: Error) => void = () => {};
  #sign = { beat: 0, sinceMs: 0 };

  constructor(spec: LoaderThreadSpec) {
    this.#spec = spec;
    this.#restarts = new RestartLimit(spec.rules);
    this.#words32 = attachViews(spec.job.memory, spec.job.map).words32;
  }

  start(onFailure: (error: Error) => void): void {
    this.#onFailure = onFailure;
    this.#startThread();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  /** Ends the thread where it is, as tests do: another takes its place. */
  kill(): void {
    void this.#thread?.terminate();
  }

  #startThread(): void {
    const thread = new Worker(LOADER, { execArgv: [], workerData: this.#spec.job });
    // The run keeps the process alive.
    thread.unref();
    thread.on('message', ({ failure }: { failure: string }) => this.#end(thread, new LoaderError(failure)));
    thread.on('error', (error) => this.#lose(thread, error.message));
    thread.on('exit', (code) => this.#lose(thread, `exit code ${code}`));
    this.#thread = thread;
    this.#sign.sinceMs = clockMs();
  }

  #lose(thread: Worker, cause: string): void {
    // Told twice of one that threw; stopped on purpose; or it has said why it cannot go on.
    if (this.#thread !== thread) return;
    if (!this.#restarts.add(clockMs())) {
      const message = `loader: expected its thread to go on, got ${cause} at ${this.#place()}`;
      this.#end(thread, new LoaderError(`${message}; ${this.#restarts.describe().replaceAll('worker', 'loader')}`));
      return;
    }
    this.#spec.onRecovery(`the loader's thread was lost (${cause}) at ${this.#place()}; another has taken its place`);
    this.#startThread();
  }

  #end(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    clearInterval(this.#timer);
    this.#onFailure(error);
  }

  /** A read that does not end is no error of anybody but the clock. */
  #look(): void {
    const { words } = this.#spec.job.map;
    const beat = currentWord32(this.#words32, words.loaderBeat);
    const isAsleep = currentWord32(this.#words32, words.loaderAsleep) === 1;
    const now = clockMs();
    if (isAsleep || beat !== this.#sign.beat) this.#sign = { beat, sinceMs: now };
    const { readDeadlineMs = READ_DEADLINE_MS } = this.#spec;
    const thread = this.#thread;
    if (thread === undefined || now - this.#sign.sinceMs <= readDeadlineMs) return;
    const seconds = (readDeadlineMs / 1000).toFixed(0);
    const message = `${this.#place()}: expected the disk to answer within ${seconds} s, got nothing; check the disk, then resume`;
    this.#end(thread, new LoaderError(message));
    void thread.terminate();
  }

  /** The block that is read, or was last: `inputs-00002.npy and its targets, sample 1024`. */
  #place(): string {
    const { map, stream } = this.#spec.job;
    const block = currentWord32(this.#words32, map.words.loaderBlock);
    const { inputs } = stream.pairs[stream.blocks.pair[block]];
    return `${inputs.path} and its targets, sample ${stream.blocks.record[block]}`;
  }
}
