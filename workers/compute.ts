// The entry of a compute worker: Piscina calls it once, with the job that lasts as long as the thread's seat.
import type { WorkerJob } from '../src/engine/job.ts';
import { runWorker } from '../src/engine/worker.ts';

/** Computes shards and ranges until the coordinator lets the seat go. It blocks its thread, which has nothing else to do. */
export default function compute(job: WorkerJob): void {
  runWorker(job);
}
