// The metrics that a config may ask for, which losses they fit, and what is better of them. Coordinator only.
import { z } from 'zod';
import type { LossName } from './loss.schema.ts';

/** One number each, of classes. */
const CLASS_SCALARS = [
  'accuracy',
  'precision',
  'recall',
  'f1',
  'precisionMicro',
  'recallMicro',
  'f1Micro',
  'rocAuc',
] as const;
/** A number a class, and a row a class. */
const CLASS_LISTS = ['precisionPerClass', 'recallPerClass', 'f1PerClass', 'confusionMatrix'] as const;
const VALUE_SCALARS = ['r2', 'mae', 'rmse'] as const;

const SCALARS = [...CLASS_SCALARS, 'perplexity', ...VALUE_SCALARS] as const;
const NAMES = [...SCALARS, ...CLASS_LISTS] as const;
const TOP = /^top[1-9][0-9]{0,5}$/;

/** The name of a metric; `top5` and the like for any number. */
export type MetricName = (typeof NAMES)[number] | `top${number}`;

const PHRASE = 'a metric such as accuracy, top5, f1, confusionMatrix, rocAuc, perplexity, r2, mae or rmse';
const CHOICE_PHRASE =
  'auto, loss, or a metric of one number such as accuracy, top5, f1, rocAuc, perplexity, r2, mae or rmse';

/** `evaluation.metrics`: what is told of the validation and test part beside the loss. */
export const metricsSchema = z.array(
  z.union([z.enum(NAMES, { error: PHRASE }), z.string({ error: PHRASE }).regex(TOP, { error: PHRASE })], {
    error: PHRASE,
  }),
  { error: 'a list of metrics such as [accuracy, f1]' },
);

/** `evaluation.metric`: the number that says which weights are the best. */
export const watchedMetricSchema = z.union(
  [
    z.enum(['auto', 'loss', ...SCALARS], { error: CHOICE_PHRASE }),
    z.string({ error: CHOICE_PHRASE }).regex(TOP, { error: CHOICE_PHRASE }),
  ],
  { error: CHOICE_PHRASE },
);

const CLASS_METRICS = [...CLASS_SCALARS, ...CLASS_LISTS];
const FITTING: Record<LossName, readonly string[]> = {
  crossEntropy: [...CLASS_METRICS, 'topN', 'perplexity'],
  nll: [...CLASS_METRICS, 'topN', 'perplexity'],
  bceWithLogits: CLASS_METRICS,
  mse: VALUE_SCALARS,
  l1: VALUE_SCALARS,
  huber: VALUE_SCALARS,
  smoothL1: VALUE_SCALARS,
  kl: [],
};

/** The metrics that can be made of a loss's outputs and targets; `topN` stands for all of its kind. */
export function fittingMetrics(loss: LossName): readonly string[] {
  return FITTING[loss];
}

/** Whether a metric can be made of a loss's outputs and targets. */
export function fitsLoss(metric: string, loss: LossName): boolean {
  return FITTING[loss].includes(topCount(metric) === undefined ? metric : 'topN');
}

/** 5 of `top5`; undefined for other metrics. */
export function topCount(metric: string): number | undefined {
  return TOP.test(metric) ? Number(metric.slice(3)) : undefined;
}

/** Whether a word names a metric. */
export function isMetric(word: string): boolean {
  return TOP.test(word) || (NAMES as readonly string[]).includes(word);
}

/** Whether a metric is one number. */
export function isScalarMetric(metric: string): boolean {
  return !(CLASS_LISTS as readonly string[]).includes(metric);
}

/** Which end of a figure is the good one. */
export function naturalMode(metric: string): 'min' | 'max' {
  return ['loss', 'perplexity', 'mae', 'rmse'].includes(metric) ? 'min' : 'max';
}
