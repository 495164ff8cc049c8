// A weight a sample and any of the losses → its sums and gradient, each sample's times its weight; every worker thread runs it.
// sums: four f64 cells (numerator, denominator, correct, counted); accumulate = 0 assigns them.
import { negativeLogLikelihood, weightedCrossEntropy } from './label-losses';
import { addCell, addSums } from './loss-rows';
import { meanSquaredError, softmaxCrossEntropy } from './losses';
import { absoluteError, klDivergence, logisticLoss } from './value-losses';

/**
 * Σ w[i] n[i] and Σ w[i] d[i] with numerator n[i] and denominator d[i] of sample i alone; right and counted rows are not weighted.
 * x (samples, rows, cols), target (samples, rows) for losses of labels, else (samples, rows, cols); dX is written where it is not 0.
 * loss: its place in ../weighted-losses.ts, which says what a, b and c are. cells: scratch of four f64.
 */
export function weightedLoss(
  loss: i32, dX: usize, x: usize, target: usize, samples: usize, rows: usize, cols: usize, sums: usize, accumulate: i32,
  weights: usize, cells: usize, a: f64, b: f64, c: f64,
): void {
  const elements = rows * cols;
  const targetBytes = (loss <= 2 ? rows : elements) << 2;
  // Only with class weights is the number of labels no denominator.
  const countAt: usize = (loss == 1 || loss == 2) && a != 0 ? 24 : 8;
  let numerator: f64 = 0, denominator: f64 = 0, correct: f64 = 0, counted: f64 = 0;
  for (let i: usize = 0; i < samples; ++i) {
    oneSample(loss, dX, x, target, rows, cols, cells, a, b, c);
    const weight = load<f32>(weights + (i << 2));
    numerator += <f64>weight * load<f64>(cells);
    denominator += <f64>weight * load<f64>(cells, 8);
    correct += load<f64>(cells, 16);
    counted += load<f64>(cells + countAt);
    if (dX) {
      scaleElements(dX, elements, weight);
      dX += elements << 2;
    }
    x += elements << 2;
    target += targetBytes;
  }
  addSums(sums, numerator, denominator, correct, accumulate);
  addCell(sums + 24, counted, accumulate);
}

function oneSample(
  loss: i32, dX: usize, x: usize, target: usize, rows: usize, cols: usize, cells: usize, a: f64, b: f64, c: f64,
): void {
  switch (loss) {
    case 0: return softmaxCrossEntropy(dX, x, target, rows, cols, cells, 0);
    case 1: return weightedCrossEntropy(dX, x, target, rows, cols, cells, 0, <usize>a, b, <i32>c);
    case 2: return negativeLogLikelihood(dX, x, target, rows, cols, cells, 0, <usize>a, <i32>b);
    case 3: return meanSquaredError(dX, x, target, rows, cols, cells, 0);
    case 4: return absoluteError(dX, x, target, rows * cols, cells, 0, a, b, c);
    case 5: return logisticLoss(dX, x, target, rows, cols, cells, 0, <usize>a, <i32>b);
    default: return klDivergence(dX, x, target, rows * cols, 1, cells, 0);
  }
}

// @ts-ignore: decorator
@inline
function scaleElements(at: usize, elements: usize, factor: f32): void {
  for (let i: usize = 0; i < elements << 2; i += 4) store<f32>(at + i, load<f32>(at + i) * factor);
}
