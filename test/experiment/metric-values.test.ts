// Metrics from their sums, against hand-worked values.
import { describe, expect, it } from 'vitest';
import { type EvaluationFigures, metricValues } from '#src/experiment/metric-values.js';
import type { PlanMetric } from '#src/plan/evaluation-graph.js';

const LOSS_CELLS = [0, 0, 0];
const figures = (cells: number[]): EvaluationFigures => ({
  loss: Math.LN2,
  accuracy: 0.625,
  cells: [...LOSS_CELLS, ...cells],
  scores: new Float32Array(),
  labels: [],
});

describe('metricValues', () => {
  // Labels down, predictions across; nothing is of class 3, and nothing says so.
  const matrix = [
    [3, 1, 0, 0],
    [0, 2, 2, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ];
  const confusion: PlanMetric = { kind: 'confusion', classes: 4, isBinary: false, first: 3 };
  const of = (...names: string[]) => metricValues(names, [confusion], figures(matrix.flat()));

  it('a confusion matrix is its rows', () => {
    expect(of('confusionMatrix')).toEqual({ confusionMatrix: matrix });
  });

  it('precision, recall and F1 of each class, 0 where there is nothing to share', () => {
    expect(of('precisionPerClass', 'recallPerClass', 'f1PerClass')).toEqual({
      precisionPerClass: [1, 2 / 3, 0, 0],
      recallPerClass: [3 / 4, 1 / 2, 0, 0],
      f1PerClass: [6 / 7, 4 / 7, 0, 0],
    });
  });

  it('their means are over the classes that occur, also only as a prediction', () => {
    const { precision, recall, f1 } = of('precision', 'recall', 'f1');
    expect(precision).toBeCloseTo((1 + 2 / 3) / 3, 15);
    expect(recall).toBeCloseTo((3 / 4 + 1 / 2) / 3, 15);
    expect(f1).toBeCloseTo((6 / 7 + 4 / 7) / 3, 15);
  });

  it('of all counts they are the accuracy', () => {
    expect(of('precisionMicro', 'recallMicro', 'f1Micro')).toEqual({
      precisionMicro: 5 / 8,
      recallMicro: 5 / 8,
      f1Micro: 5 / 8,
    });
  });

  it('accuracy and perplexity come from the loss, top k from its own count', () => {
    const top: PlanMetric[] = [
      { kind: 'topK', k: 2, first: 3 },
      { kind: 'topK', k: 20, first: 5 },
    ];
    expect(metricValues(['top20', 'accuracy', 'top2', 'perplexity'], top, figures([3, 4, 4, 4]))).toEqual({
      top20: 1,
      accuracy: 0.625,
      top2: 0.75,
      perplexity: 2,
    });
  });

  it('r2 is the mean over outputs, mae and rmse are over all numbers', () => {
    // Column 0: targets 1, 2, 3, predicted 1, 2, 5; column 1: targets 4, 4, 4, predicted 4, 4, 4.
    const regression: PlanMetric = { kind: 'regression', columns: 2, first: 3 };
    const cells = [3, 6, 14, 4, 2, 12, 48, 0, 0];
    const values = metricValues(['r2', 'mae', 'rmse'], [regression], figures(cells));
    expect(values).toEqual({ r2: (1 - 4 / 2 + 1) / 2, mae: 2 / 6, rmse: Math.sqrt(4 / 6) });
    const missed = metricValues(['r2'], [{ ...regression, columns: 1 }], figures([3, 12, 48, 1, 1]));
    expect(missed).toEqual({ r2: 0 });
  });
});
