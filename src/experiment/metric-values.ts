// The cells and scores of an evaluation → the metrics that were asked for. Coordinator; pure.
import { exp } from '../kernels/scalar.ts';
import { topCount } from '../nn/metrics.schema.ts';
import type { PlanMetric } from '../plan/evaluation-graph.ts';
import { meanRocAuc } from './roc-auc.ts';

/** A number, a number a class, or the rows of a confusion matrix: a row a label, a column a prediction. */
export type MetricValue = number | number[] | number[][];

/** What an evaluation has left. */
export interface EvaluationFigures {
  loss: number;
  /** The share of right answers, where the loss knows it. */
  accuracy: number;
  /** The loss's cells and those of the metrics. */
  cells: readonly number[];
  /** Scores of all samples, and the label of each row of them: a class, or 0 and 1 for each score. */
  scores: Float32Array;
  labels: ArrayLike<number>;
}

/** The values by name, in the order of the names. */
export function metricValues(
  names: readonly string[],
  metrics: readonly PlanMetric[],
  figures: EvaluationFigures,
): Record<string, MetricValue> {
  return Object.fromEntries(names.map((name) => [name, metricValue(name, metrics, figures)]));
}

function metricValue(name: string, metrics: readonly PlanMetric[], figures: EvaluationFigures): MetricValue {
  const { cells, loss, accuracy } = figures;
  if (name === 'accuracy') return accuracy;
  if (name === 'perplexity') return exp(loss);
  const k = topCount(name);
  const sums = metrics.find((metric) => isFor(metric, name, k));
  switch (sums?.kind) {
    case 'topK':
      return cells[sums.first] / cells[sums.first + 1];
    case 'confusion':
      return ofConfusion(name, matrixAt(cells, sums.first, sums.classes));
    case 'regression':
      return ofRegression(name, cells.slice(sums.first), sums.columns);
    case 'scores':
      return meanRocAuc(figures.scores, figures.labels, sums);
    case undefined:
      throw new Error(`metrics: ${name} has no sums; this is a fault in lockstep`);
  }
}

function isFor(metric: PlanMetric, name: string, k: number | undefined): boolean {
  if (metric.kind === 'topK') return metric.k === k;
  if (metric.kind === 'regression') return ['r2', 'mae', 'rmse'].includes(name);
  return (metric.kind === 'scores') === (name === 'rocAuc') && k === undefined;
}

function matrixAt(cells: readonly number[], first: number, classes: number): number[][] {
  return Array.from({ length: classes }, (_, row) => cells.slice(first + row * classes, first + (row + 1) * classes));
}

interface Counts {
  right: number;
  predicted: number;
  actual: number;
}

/**
 * Precision is right / predicted, recall right / actual, F1 their harmonic mean; a share of nothing is 0. The bare names are means over the
 * classes that occur, as a label or as a prediction (scikit-learn's `macro`); `Micro` shares of all counts, `PerClass` a number a class.
 */
function ofConfusion(name: string, matrix: number[][]): MetricValue {
  if (name === 'confusionMatrix') return matrix;
  const counts = matrix.map((row, c) => ({
    right: row[c],
    predicted: sum(matrix.map((other) => other[c])),
    actual: sum(row),
  }));
  const [, figure, kind] = /^(precision|recall|f1)(\w*)$/.exec(name)!;
  const of = SHARES[figure as keyof typeof SHARES];
  if (kind === 'PerClass') return counts.map(of);
  if (kind === 'Micro') return of(counts.reduce(addCounts));
  const present = counts.filter(({ predicted, actual }) => predicted + actual > 0);
  return sum(present.map(of)) / present.length;
}

const SHARES = {
  precision: ({ right, predicted }: Counts): number => share(right, predicted),
  recall: ({ right, actual }: Counts): number => share(right, actual),
  f1: ({ right, predicted, actual }: Counts): number => share(2 * right, predicted + actual),
};

function addCounts(a: Counts, b: Counts): Counts {
  return { right: a.right + b.right, predicted: a.predicted + b.predicted, actual: a.actual + b.actual };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** `mae` and `rmse` are over all outputs together; `r2` is the mean of the outputs' (scikit-learn's `uniform_average`). */
function ofRegression(name: string, [rows, ...cells]: readonly number[], columns: number): number {
  const column = (c: number, term: number): number => cells[4 * c + term];
  const over = (term: number): number => sum(Array.from({ length: columns }, (_, c) => column(c, term)));
  if (name === 'mae') return over(3) / (rows * columns);
  if (name === 'rmse') return Math.sqrt(over(2) / (rows * columns));
  const each = Array.from({ length: columns }, (_, c) => {
    const spread = column(c, 1) - (column(c, 0) * column(c, 0)) / rows;
    return determination(column(c, 2), spread);
  });
  return sum(each) / columns;
}

/** 1 - errors / spread; of targets that are all the same 1 where they were met, else 0, as in scikit-learn. */
function determination(errors: number, spread: number): number {
  if (spread > 0) return 1 - errors / spread;
  return errors === 0 ? 1 : 0;
}
