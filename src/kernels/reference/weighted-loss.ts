// A weight a sample and any of the losses → its sums and gradient, each sample's times its weight; any thread.
import type { Kernel } from '../kernel-set.ts';
import { WEIGHTED_LOSSES } from '../weighted-losses.ts';
import { addTo } from './loss-sums.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

type WeightedName = (typeof WEIGHTED_LOSSES)[number];

/** The weighted loss over `views`; `losses` are the oracle's own. */
export function weightedLossKernels(
  { f32, f64 }: Views,
  losses: Readonly<Record<WeightedName, Kernel>>,
): Kernels<'weightedLoss'> {
  function weightedLoss(...args: number[]): void {
    const [loss, dX, x, target, samples, rows, cols, sums, accumulate, weights, cells, a, b, c] = args;
    const name = WEIGHTED_LOSSES[loss];
    const isOfLabels = ['softmaxCrossEntropy', 'weightedCrossEntropy', 'negativeLogLikelihood'].includes(name);
    const elements = rows * cols;
    const sizes = {
      softmaxCrossEntropy: [rows, cols],
      weightedCrossEntropy: [rows, cols],
      negativeLogLikelihood: [rows, cols],
      meanSquaredError: [rows, cols],
      absoluteError: [elements],
      logisticLoss: [rows, cols],
      klDivergence: [elements, 1],
    }[name];
    const totals = [0, 0, 0, 0];
    for (let i = 0; i < samples; i++) {
      const gradient = dX === 0 ? 0 : dX + 4 * i * elements;
      const targetAt = target + 4 * i * (isOfLabels ? rows : elements);
      losses[name](gradient, x + 4 * i * elements, targetAt, ...sizes, cells, 0, a, b, c);
      const weight = f32[weights / 4 + i];
      const [numerator, denominator, correct, labels] = f64.subarray(cells / 8, cells / 8 + 4);
      const hasClassWeights = (name === 'weightedCrossEntropy' || name === 'negativeLogLikelihood') && a !== 0;
      totals[0] += weight * numerator;
      totals[1] += weight * denominator;
      totals[2] += correct;
      totals[3] += hasClassWeights ? labels : denominator;
      if (dX !== 0) for (let k = 0; k < elements; k++) f32[gradient / 4 + k] *= weight;
    }
    addTo(f64, sums, accumulate, totals);
  }

  return { weightedLoss: withoutResult(weightedLoss) };
}
