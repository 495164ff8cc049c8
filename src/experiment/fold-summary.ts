// The summaries of the folds of a run → the one summary of it: sums, means and deviations over the folds. Coordinator; pure.
import { createHash } from 'node:crypto';
import { PHASE_NAMES, type PhaseMs, type Summary } from './events.ts';

/** Figures by their names in a summary; those of lists of metrics, or of the best epoch, one level deeper. */
export type FoldFigures = { [name: string]: number | FoldFigures };

/** What one fold came to. */
export interface FoldSummary extends Partial<FoldFiguresOf> {
  /** Counted from 1. */
  fold: number;
  status: Summary['status'];
  /** In the run folder. */
  folder: string;
  steps: number;
  weightsSha256: string | null;
  stateSha256: string | null;
}

type FoldFiguresOf = Pick<Summary, (typeof FIGURES)[number]>;

const FIGURES = [
  'trainLoss',
  'validationLoss',
  'testLoss',
  'testAccuracy',
  'validationMetrics',
  'testMetrics',
  'best',
] as const;

/** The folder of a fold, counted from 1. */
export const foldFolder = (fold: number): string => `fold-${fold}`;

/** What the folds have in common, and how the run as a whole ended. */
export interface FoldsOutcome {
  status: Summary['status'];
  error?: Error;
  /** How many folds there are to be. */
  of: number;
  configSha256: string;
}

/**
 * The summary of a run of folds. Where all of them are done its losses, metrics and times are their means, and its hashes that of theirs, in
 * order; else those figures are null. Counts are sums; `epochs` are those of a fold.
 *
 * @param done the summaries of the folds that were begun, the first one first; at least one
 */
export function summarizeFolds(done: readonly Summary[], { status, error, of, configSha256 }: FoldsOutcome): Summary {
  const isWhole = status === 'done' && done.length === of;
  const first = done[0];
  const sum = (count: (summary: Summary) => number): number => done.reduce((total, one) => total + count(one), 0);
  const mean = isWhole ? statisticOf(done.map(figuresOf), meanOf) : undefined;
  const deviation = isWhole ? statisticOf(done.map(figuresOf), deviationOf) : undefined;
  const figure = (name: 'trainLoss' | 'validationLoss' | 'testLoss' | 'testAccuracy'): number | null =>
    (mean?.[name] as number | undefined) ?? null;
  const recoveries = sum((one) => one.recoveries ?? 0);
  const stepMs = done.flatMap((one) => one.stepMs ?? []);
  const rates = done.flatMap(({ samplesPerSecond }) => samplesPerSecond ?? []);
  return {
    ...commonOf(first),
    status,
    ...(error && { error: error.message }),
    steps: sum((one) => one.steps),
    epochs: Math.min(...done.map(({ epochs }) => epochs)),
    skippedSteps: sum((one) => one.skippedSteps),
    samplesSeen: sum((one) => one.samplesSeen),
    ...(recoveries > 0 && { recoveries }),
    trainLoss: figure('trainLoss'),
    validationLoss: figure('validationLoss'),
    testLoss: figure('testLoss'),
    testAccuracy: figure('testAccuracy'),
    ...(mean?.testMetrics !== undefined && { testMetrics: mean.testMetrics as Record<string, number> }),
    folds: done.map(describeFold),
    ...(mean && { mean }),
    ...(deviation && { deviation }),
    samplesPerSecond: rates.length === 0 ? null : meanOf(rates),
    stepMs:
      stepMs.length === 0
        ? null
        : { median: meanOf(stepMs.map(({ median }) => median)), p95: meanOf(stepMs.map(({ p95 }) => p95)) },
    phaseMs: meanPhases(done.flatMap(({ phaseMs }) => phaseMs ?? [])),
    peakRssBytes: Math.max(...done.map(({ peakRssBytes }) => peakRssBytes)),
    weightsSha256: isWhole ? hashOfHashes(done.map((one) => one.weightsSha256)) : null,
    stateSha256: isWhole ? hashOfHashes(done.map((one) => one.stateSha256)) : null,
    planSha256: isWhole ? hashOfHashes(done.map((one) => one.planSha256)) : null,
    configSha256,
    durationMs: sum((one) => one.durationMs),
  };
}

/** One hash for several in order: the SHA-256 of their hexadecimal digits, each behind a line feed but the first; null where one is missing. */
export function hashOfHashes(hashes: readonly (string | null)[]): string | null {
  if (hashes.includes(null)) return null;
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}

function commonOf(summary: Summary) {
  const { name, version, workers, shards, batchSize, numerics, backend, parameters, node, cpu } = summary;
  return { name, version, workers, shards, batchSize, numerics, backend, parameters, node, cpu };
}

function describeFold(summary: Summary, index: number): FoldSummary {
  const { status, steps, weightsSha256, stateSha256 } = summary;
  const figures = Object.fromEntries(
    FIGURES.flatMap((name) => (summary[name] === undefined || summary[name] === null ? [] : [[name, summary[name]]])),
  );
  const fold = index + 1;
  return { fold, status, folder: foldFolder(fold), steps, ...figures, weightsSha256, stateSha256 };
}

function figuresOf(summary: Summary): FoldFigures {
  return numbersOf(Object.fromEntries(FIGURES.map((name) => [name, summary[name]])));
}

/** Numbers that have a mean: an epoch is none, and neither are lists of numbers. */
function numbersOf(values: object): FoldFigures {
  const entries = Object.entries(values).flatMap(([name, value]): [string, number | FoldFigures][] => {
    if (typeof value === 'number') return name === 'epoch' ? [] : [[name, value]];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const inner = numbersOf(value);
    return Object.keys(inner).length === 0 ? [] : [[name, inner]];
  });
  return Object.fromEntries(entries);
}

/** Of each figure that all folds have. */
function statisticOf(folds: readonly FoldFigures[], statistic: (values: number[]) => number): FoldFigures {
  const entries = Object.entries(folds[0]).flatMap(([name, value]): [string, number | FoldFigures][] => {
    const values = folds.map((fold) => fold[name]);
    if (values.some((other) => typeof other !== typeof value)) return [];
    if (typeof value === 'number') return [[name, statistic(values as number[])]];
    return [[name, statisticOf(values as FoldFigures[], statistic)]];
  });
  return Object.fromEntries(entries);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation over the folds, n − 1 in its denominator: folds are a sample of the trainings that could have been. */
function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1));
}

function meanPhases(phases: readonly PhaseMs[]): PhaseMs | null {
  if (phases.length === 0) return null;
  return Object.fromEntries(
    PHASE_NAMES.map((name) => [name, meanOf(phases.map((one) => one[name]))]),
  ) as unknown as PhaseMs;
}
