// Jobs to threads: a Piscina of one thread a seat, one long task each. Coordinator.
//
// One pool a seat, so that the thread behind a seat is known before its task fails: that a thread is gone says its own `exit` event and
// nothing else. An aborted task rejects before its thread ends, which may still be writing.
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { WorkerJob } from './job.ts';

/** The threads of a run; they start loading their code when the pool is made, before there is a job. */
export interface WorkerPool {
  /** Threads that the pool began with. */
  readonly workers: number;
  /**
   * Gives the thread of the job's seat its job, and starts one where there is none. Resolves when its task has ended by itself; rejects
   * when it has failed and nothing of it runs any more: at once where the task threw, after the thread's exit where that is lost.
   */
  run(job: WorkerJob): Promise<void>;
  /** Ends the thread of a seat where it is; `run` rejects when it is gone. */
  terminate(seat: number): void;
  /** The seat is given up: its thread, which has no task, ends. */
  release(seat: number): Promise<void>;
  /** Ends all threads, wherever they are. */
  destroy(): Promise<void>;
}

export interface PoolOptions {
  /** The most heap of a thread, in MiB; Node's own where nothing is said. */
  heapMb?: number;
}

interface SeatThread {
  piscina: Piscina;
  abort: AbortController;
  /** Of each thread that the seat has had: when its code is loaded, and when it is gone. */
  lives: WeakMap<Worker, { loaded: Promise<void>; exited: Promise<void> }>;
}

/** Starts `workers` threads. */
export function createPool(workers: number, { heapMb }: PoolOptions = {}): WorkerPool {
  const threads = new Map<number, SeatThread>();
  const threadOf = (seat: number): SeatThread => {
    const thread = threads.get(seat) ?? startThread(heapMb);
    threads.set(seat, thread);
    return thread;
  };
  const release = async (seat: number): Promise<void> => {
    const thread = threads.get(seat);
    threads.delete(seat);
    if (thread === undefined) return;
    await codeOf(thread);
    await thread.piscina.destroy();
  };
  for (let seat = 0; seat < workers; seat++) threadOf(seat);
  return {
    workers,
    run: (job) => runTask(threadOf(job.seat), job),
    terminate: (seat) => void terminate(threads.get(seat)),
    release,
    destroy: async () => void (await Promise.all([...threads.keys()].map(release))),
  };
}

function startThread(heapMb: number | undefined): SeatThread {
  const piscina = new Piscina({
    filename: fileURLToPath(new URL('../../workers/compute.js', import.meta.url)),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    // Idle threads look at Piscina's own word otherwise; ours get one task and then wait in ours.
    atomics: 'disabled',
    recordTiming: false,
    ...(heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
  });
  // A thread that fails between tasks must not end the process: what it fails in is its task, whose promise tells.
  piscina.on('error', () => {});
  const thread = { piscina, abort: new AbortController(), lives: new WeakMap() };
  followThread(thread);
  return thread;
}

async function runTask(thread: SeatThread, job: WorkerJob): Promise<void> {
  const { piscina, lives } = thread;
  const { abort } = thread;
  const task = piscina.run(job, { signal: abort.signal });
  const worker = followThread(thread);
  try {
    await task;
  } catch (cause) {
    if (thread.abort === abort) thread.abort = new AbortController();
    followThread(thread);
    // Piscina keeps a thread whose task threw, and has let go of one that is lost, aborted or out of memory.
    if (worker !== undefined && !piscina.threads.includes(worker)) await lives.get(worker)?.exited;
    throw cause;
  }
}

async function terminate(thread: SeatThread | undefined): Promise<void> {
  if (thread === undefined) return;
  const { abort } = thread;
  await codeOf(thread);
  abort.abort();
}

/** Node ends the process where a thread is ended while it loads modules (20.20: `IsGraphAsync must be used on an instantiated module`). */
async function codeOf(thread: SeatThread): Promise<void> {
  const worker = followThread(thread);
  if (worker === undefined) return;
  // Nothing else may keep the process alive until then.
  worker.ref();
  await thread.lives.get(worker)?.loaded;
}

/** Listens to the seat's present thread; a new one has not run yet when Piscina has just made it. */
function followThread({ piscina, lives }: SeatThread): Worker | undefined {
  const [worker] = piscina.threads;
  if (worker === undefined || lives.has(worker)) return worker;
  // A thread that has ended already has no id any more, and no event comes.
  const exited =
    worker.threadId === -1 ? Promise.resolve() : new Promise<void>((done) => void worker.once('exit', () => done()));
  // Piscina's thread sends one message of itself: that it can take tasks.
  const loaded = Promise.race([exited, new Promise<void>((done) => void worker.once('message', () => done()))]);
  lives.set(worker, { loaded, exited });
  return worker;
}
