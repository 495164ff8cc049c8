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
  exits: WeakMap<Worker, Promise<void>>;
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
    await thread?.piscina.destroy();
  };
  for (let seat = 0; seat < workers; seat++) threadOf(seat);
  return {
    workers,
    run: (job) => runTask(threadOf(job.seat), job),
    terminate: (seat) => threads.get(seat)?.abort.abort(),
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
  return { piscina, abort: new AbortController(), exits: new WeakMap() };
}

async function runTask(thread: SeatThread, job: WorkerJob): Promise<void> {
  const { piscina, exits } = thread;
  thread.abort = new AbortController();
  const task = piscina.run(job, { signal: thread.abort.signal });
  const [worker] = piscina.threads;
  if (worker !== undefined && !exits.has(worker)) exits.set(worker, exitOf(worker));
  try {
    await task;
  } catch (cause) {
    // Piscina keeps a thread whose task threw, and has let go of one that is lost, aborted or out of memory.
    if (worker !== undefined && !piscina.threads.includes(worker)) await exits.get(worker);
    throw cause;
  }
}

function exitOf(worker: Worker): Promise<void> {
  // A thread that has ended already has no id any more, and no event comes.
  if (worker.threadId === -1) return Promise.resolve();
  return new Promise((resolve) => void worker.once('exit', () => resolve()));
}
