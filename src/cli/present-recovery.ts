// A worker that was lost, or another number of workers → a line for people. Main thread; pure.
import type { RecoveryEvent, ResizeEvent, StragglerEvent } from '../experiment/events.ts';

/** `worker 1 lost in step 12, UPDATE, range 3: exit code 7; replaced after 8 ms of its work`. */
export function presentRecovery(event: RecoveryEvent): string {
  const { worker, step, phase, shard, range, chunk, cause, lostMs } = event;
  const units = Object.entries({ shard, range, chunk }).filter(([, index]) => index !== undefined);
  const unit = units.map(([name, index]) => `, ${name} ${index}`).join('');
  return `warning: worker ${worker} lost in step ${step}, ${phase}${unit}: ${cause}; another takes its place, ${lostMs.toFixed(1)} ms of work lost`;
}

/** `workers 2 → 3 from step 500 on`. */
export function presentResize({ step, from, to }: ResizeEvent): string {
  return `workers ${from} → ${to} from step ${step} on`;
}

/** `worker 1 is slow: 9.1 ms a shard, the others take 4.0 ms`. */
export function presentStraggler({ worker, shardMs, othersMs }: StragglerEvent): string {
  return `worker ${worker} is slow: ${shardMs.toFixed(1)} ms a shard, the others take ${othersMs.toFixed(1)} ms`;
}
