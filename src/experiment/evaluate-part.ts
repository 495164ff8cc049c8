// A part of the samples → its loss and metrics, with the weights of a session at the gate. Coordinator.
import type { TrainConfig } from '../config/train-config.ts';
import { scoresPerSample } from '../plan/plan.ts';
import { metricValues } from './metric-values.ts';
import type { PreparedRun } from './prepare.ts';
import { type LossAndMetric, lossAndMetric } from './run-statistics.ts';
import type { Session } from './session.ts';

/** Evaluates a part, every sample once. */
export async function evaluatePart(
  run: PreparedRun,
  { engine, targetsOf }: Session,
  part: 'validate' | 'test' | 'testBest',
): Promise<LossAndMetric> {
  const { plan, metrics, dataset } = run;
  const totals = await engine.evaluate(part);
  const figures = lossAndMetric(plan.metric, totals);
  if (metrics.length === 0) return figures;
  const ids = dataset.parts[part === 'validate' ? 'validation' : 'test'];
  const { loss, metric: accuracy } = figures;
  const hasScores = scoresPerSample(plan) > 0;
  const scored = { scores: engine.scores(ids.length), labels: hasScores ? targetsOf(ids) : [] };
  const sums = { loss, accuracy, cells: totals.cells };
  return { ...figures, values: metricValues(metrics, plan.metrics ?? [], { ...sums, ...scored }) };
}

/** The figure that `evaluation.metric` names. */
export function watchedFigure({ evaluation }: TrainConfig, { loss, metric, values = {} }: LossAndMetric): number {
  const { metric: name } = evaluation;
  if (name === 'loss') return loss;
  return name === 'accuracy' ? metric : (values[name] as number);
}
