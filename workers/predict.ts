// The entry of a thread that predicts: Piscina calls it once a task, and the thread keeps its kernels in between.
import { workerData } from 'node:worker_threads';
import {
  createRunner,
  type InferenceJob,
  type InferenceRunner,
  type InferenceTask,
} from '../src/engine/inference-seat.ts';
import { unpackPlan } from '../src/plan/plan.ts';

let runner: InferenceRunner | undefined;

/** Computes the outputs of some samples. */
export default function predict(task: InferenceTask): void {
  runner ??= prepare();
  runner(task);
}

function prepare(): InferenceRunner {
  const { plan: bytes, ...job } = workerData as InferenceJob;
  const plan = unpackPlan(bytes);
  return createRunner(job, plan, plan.output!);
}
