// The cells of a committed step → whether it is the run's last, as `until` says. Pure; workers decide by it, the coordinator names it.
import { RECORD_CELLS } from './memory-map.ts';
import { RECORD_RANGES } from './shared-views.ts';
import { treeTotal } from './tree.ts';

/** When a run ends before its length is over; null where there is no such condition. */
export interface Until {
  /** The step's training loss is at most this. */
  loss: number | null;
  /** The 2-norm of the step's gradient, before clipping, is at most this. */
  gradNorm: number | null;
  /** So many steps in a row did not lower the least loss by more than `minDelta`. */
  plateau: { steps: number; minDelta: number } | null;
}

/** The key of the condition that a step has met. */
export type UntilReason = 'loss' | 'gradNorm' | 'plateau';

/** What the plateau rule remembers from step to step. */
export interface LeastLoss {
  least: number;
  /** Steps since the loss was lower than any before by more than `minDelta`. */
  stepsSince: number;
}

export const NO_LOSS: LeastLoss = { least: Number.POSITIVE_INFINITY, stepsSince: 0 };

/** What is remembered after a step with this loss; a skipped step (NaN) leaves it as it was. */
export function nextLeastLoss(before: LeastLoss, loss: number, minDelta: number): LeastLoss {
  if (Number.isNaN(loss)) return before;
  if (loss < before.least - minDelta) return { least: loss, stepsSince: 0 };
  return { least: before.least, stepsSince: before.stepsSince + 1 };
}

/**
 * The condition that the step of a whole record has met. All its cells are written when its last range is done, each once and alike by
 * whoever wrote it, so that every worker decides the same.
 */
export function metUntil(until: Until, records: Float64Array, record: number, ranges: number): UntilReason | undefined {
  const cell = (name: keyof typeof RECORD_CELLS): number => records[record + RECORD_CELLS[name]];
  if (cell('isSkipped') === 1) return undefined;
  if (until.loss !== null && cell('lossNumerator') / cell('denominator') <= until.loss) return 'loss';
  const squares = (): number => treeTotal(ranges, (r) => records[record + RECORD_RANGES + r]);
  if (until.gradNorm !== null && Math.sqrt(squares()) <= until.gradNorm) return 'gradNorm';
  if (until.plateau !== null && cell('stepsSinceLeastLoss') >= until.plateau.steps) return 'plateau';
  return undefined;
}
