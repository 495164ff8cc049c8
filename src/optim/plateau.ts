// Evaluation after evaluation → the factor of the learning rate that `reduceOnPlateau` has come to. Pure; the coordinator, at the gate.
import type { ScheduleConfig } from './schedule.schema.ts';

/** What the schedule remembers: plain numbers, part of the run's state. */
export interface PlateauState {
  /** The best value so far; infinite before the first. */
  readonly best: number;
  /** Evaluations in a row that were no better. */
  readonly badEvaluations: number;
  /** What the learning rate is multiplied by. */
  readonly factor: number;
}

/** The resolved rules. */
export interface PlateauRules {
  readonly factor: number;
  readonly patience: number;
  readonly threshold: number;
  /** The factor never goes below this: minLr / lr. */
  readonly leastFactor: number;
  readonly mode: 'min' | 'max';
}

/** The rules of a schedule, or null where it does not look at evaluations. `mode` is that of the figure which is watched. */
export function plateauRules(
  schedule: ScheduleConfig | undefined,
  lr: number,
  mode: 'min' | 'max',
): PlateauRules | null {
  if (schedule?.name !== 'reduceOnPlateau') return null;
  const { factor, patience, threshold, minLr } = schedule;
  const leastFactor = Math.min(1, minLr / lr);
  return { factor, patience, threshold, leastFactor, mode: schedule.mode ?? mode };
}

/** Before the first evaluation. */
export function initialPlateau({ mode }: PlateauRules): PlateauState {
  return { best: mode === 'min' ? Infinity : -Infinity, badEvaluations: 0, factor: 1 };
}

/**
 * The state after one more evaluation, as PyTorch's ReduceLROnPlateau with a relative threshold and no cooldown goes on; its `eps`, which
 * leaves out reductions of less than 1e-8, is not there. A value that is no number is no better.
 */
export function nextPlateau(rules: PlateauRules, state: PlateauState, value: number): PlateauState {
  const { best, factor } = state;
  const isBetter = rules.mode === 'min' ? value < best * (1 - rules.threshold) : value > best * (1 + rules.threshold);
  if (isBetter) return { best: value, badEvaluations: 0, factor };
  const badEvaluations = state.badEvaluations + 1;
  if (badEvaluations <= rules.patience) return { best, badEvaluations, factor };
  return { best, badEvaluations: 0, factor: Math.max(factor * rules.factor, rules.leastFactor) };
}
