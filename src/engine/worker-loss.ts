// Where a worker was when it was lost → words and the event of its recovery. Coordinator; pure but for the clock.
import { clockMs } from './phase-clock.ts';
import type { WorkerRecovery } from './recovery.ts';

/** A worker that was lost, and where. */
export interface WorkerLoss {
  error: Error;
  step: number;
  phase: string;
  /** Of the shard, range or chunk that it had claimed, -1 for none. */
  index: number;
  beganAt: number;
}

const unitOf = (phase: string): 'shard' | 'range' | 'chunk' => {
  if (phase === 'SHARDS') return 'shard';
  return phase === 'NORM' || phase === 'UPDATE' ? 'range' : 'chunk';
};

/** `worker 1, step 7, SHARDS, shard 3`. */
export function describePlace(
  seat: number,
  { step, phase, index }: Pick<WorkerLoss, 'step' | 'phase' | 'index'>,
): string {
  const unit = index < 0 ? '' : `, ${unitOf(phase)} ${index}`;
  return `worker ${seat}, step ${step}, ${phase}${unit}`;
}

/** What is told of it; `cause` in words. */
export function describeRecovery(worker: number, loss: WorkerLoss, cause: string): WorkerRecovery {
  const { step, phase, index, beganAt } = loss;
  const lostMs = clockMs() - beganAt;
  return { worker, step, phase, ...(index >= 0 && { [unitOf(phase)]: index }), cause, lostMs };
}
