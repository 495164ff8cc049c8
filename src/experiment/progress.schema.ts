// What a checkpoint keeps of what a run has told and decided so far, as its reader wants it. Coordinator only.
import { z } from 'zod';

/** A loss may be infinite or no number, which zod's own numbers are not. */
const number = z.custom<number>((value) => typeof value === 'number', { error: 'a number' });
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const step = z.number().int().min(-1).max(Number.MAX_SAFE_INTEGER);
const float64 = (least: number, most: number) =>
  z.custom<Float64Array>((value) => value instanceof Float64Array && value.length >= least && value.length <= most, {
    error: `float64 values, ${least} to ${most}`,
  });

const durations = float64(0, 65_536);
const PHASES = 7;

const mean = z.tuple([count, number, number]);

const savedWindowSchema = z.strictObject({
  step,
  epoch: count,
  steps: count,
  samples: count,
  loss: mean,
  lr: mean,
  gradNorm: mean.nullable(),
  stepMs: mean,
  phases: z.array(mean).length(PHASES),
  /** Of a stream. */
  sampleWaitUs: mean.optional(),
});

const savedEpochSchema = z.strictObject({
  lossNumerator: number,
  denominator: number,
  correct: number,
  counted: number,
  samples: count,
  stepMs: number,
  durations,
});

const savedStatisticsSchema = z.strictObject({
  steps: count,
  skippedSteps: count,
  samplesSeen: count,
  trainLoss: number.nullable(),
  durations,
  phases: float64(PHASES, PHASES),
  totalMs: number,
  warmSamples: count,
  warmMs: number,
  /** Of a stream. */
  sampleWaitMs: number.optional(),
});

/** The smoothed estimates of the gradient noise scale. */
const savedNoiseSchema = z.strictObject({ variance: number, squared: number, weight: number, estimates: count });

const savedReportSchema = z.strictObject({
  /** Steps counted. */
  step: count,
  lr: number,
  /** Steps done when the last row of results.csv was written; −1 before the first. */
  rowStep: step,
  /** Since the epoch began. */
  epochMs: number,
  epoch: savedEpochSchema,
  statistics: savedStatisticsSchema,
  window: savedWindowSchema,
  noise: savedNoiseSchema,
});

/** Metrics may be numbers, lists and matrices of them. */
const values = z.record(z.string(), z.union([number, z.array(number), z.array(z.array(number))]));

const lossAndMetricSchema = z.strictObject({ loss: number, metric: number, values: values.optional() });

const bestEpochSchema = z.strictObject({
  epoch: count,
  validationLoss: number,
  metric: number,
  metricName: z.string().optional(),
  testLoss: number.optional(),
  testAccuracy: number.optional(),
  testMetrics: values.optional(),
});

const resumeSchema = z.strictObject({
  /** The step that the run went on from. */
  step: count,
  workers: count,
  backend: z.string(),
  /** What was changed of the config, as `optimizer.lr: 0.1 → 0.01`. */
  changes: z.array(z.string()),
});

/** The section `progress`. */
export const progressSchema = z.strictObject({
  report: savedReportSchema,
  /** Steps done at the last evaluation, −1 before the first: one that is due and is not done yet is done at once. */
  evaluatedStep: step,
  endedBy: z.enum(['until.loss', 'until.gradNorm', 'until.plateau', 'evaluation.patience']).nullable(),
  validation: lossAndMetricSchema.nullable(),
  best: bestEpochSchema.nullable(),
  evaluationsSinceBest: count,
  /** The checkpoint that is kept as the best one, and its figure. */
  keptBest: z.strictObject({ step: count, metric: number }).nullable(),
  /** How long the run took so far, over all its processes. */
  durationMs: number,
  resumes: z.array(resumeSchema),
});

/** See the schema. */
export type Progress = z.output<typeof progressSchema>;
/** One going on of a run. */
export type Resume = z.output<typeof resumeSchema>;
export type SavedReport = z.output<typeof savedReportSchema>;
export type SavedNoise = z.output<typeof savedNoiseSchema>;
export type SavedEpoch = z.output<typeof savedEpochSchema>;
export type SavedStatistics = z.output<typeof savedStatisticsSchema>;
export type SavedWindow = z.output<typeof savedWindowSchema>;
export type SavedMean = z.output<typeof mean>;
