// Jobs to threads: a gang of Piscina workers, one long task each. Coordinator.
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { WorkerJob } from './job.ts';

/** The threads of a run; they start loading their code when the pool is made, before there is a job. */
export interface WorkerPool {
  readonly workers: number;
  /** Gives a thread its job; resolves when its task has ended by itself, rejects when it failed or the thread is lost. */
  run(job: WorkerJob): Promise<void>;
  /** Ends all threads, wherever they are. */
  destroy(): Promise<void>;
}

/** Starts `workers` threads. */
export function createPool(workers: number): WorkerPool {
  const piscina = new Piscina({
    filename: fileURLToPath(new URL('../../workers/compute.js', import.meta.url)),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    // Idle threads look at Piscina's own word otherwise; ours get one task and then wait in ours.
    atomics: 'disabled',
    recordTiming: false,
  });
  // A thread that fails between tasks must not end the process: what it fails in is its task, whose promise tells.
  piscina.on('error', () => {});
  return {
    workers,
    run: (job) => piscina.run(job),
    destroy: () => piscina.destroy(),
  };
}
