// Predictions and target values → loss sums and the gradient of the sum, element by element in f64; every worker thread runs it.
// sums: three f64 cells (numerator, denominator, correct); accumulate = 0 assigns them. dX is not written where it is 0.
import { addSums } from './loss-rows';
import { expNegative, logOnePlus } from './scalar-math';
import { log1 } from './vector-math';

/**
 * With d = prediction - target: quadratic d² / 2 where |d| < threshold, else slope (|d| - threshold / 2). So the absolute error is
 * (0, 0, 1), Huber's loss (delta, 1, delta), the smooth absolute error (beta, 1 / beta, 1). n elements.
 */
export function absoluteError(
  dPrediction: usize, prediction: usize, target: usize, n: usize, sums: usize, accumulate: i32,
  threshold: f64, quadratic: f64, slope: f64,
): void {
  let loss: f64 = 0;
  for (let i: usize = 0; i < n << 2; i += 4) {
    const d = load<f32>(prediction + i) - load<f32>(target + i);
    const wide = <f64>d;
    const size = abs(wide);
    const isNear = size < threshold;
    loss += isNear ? quadratic * wide * wide * 0.5 : slope * (size - threshold * 0.5);
    if (dPrediction) {
      const g = isNear ? quadratic * wide : wide > 0 ? slope : wide < 0 ? -slope : wide;
      store<f32>(dPrediction + i, <f32>g);
    }
  }
  addSums(sums, loss, <f64>n, 0, accumulate);
}

/**
 * Logits and targets t in [0, 1] of shape (rows, cols) → (1 - t) ln(1 + e^x) + w t ln(1 + e^-x), w = weights[column] (1 where weights
 * is 0). isLabels: the targets are i32, 0 or 1. Correct: x > 0 just where t > 1/2.
 */
export function logisticLoss(
  dX: usize, x: usize, target: usize, rows: usize, cols: usize, sums: usize, accumulate: i32,
  weights: usize, isLabels: i32,
): void {
  let loss: f64 = 0, correct: f64 = 0;
  const rowBytes = cols << 2;
  for (let r: usize = 0; r < rows; ++r) {
    for (let c: usize = 0; c < rowBytes; c += 4) {
      const logit = <f64>load<f32>(x + c);
      const t = isLabels ? <f64>load<i32>(target + c) : <f64>load<f32>(target + c);
      const w = weights ? <f64>load<f32>(weights + c) : 1;
      const e = expNegative(-abs(logit));
      const rest = logOnePlus(e);
      const negative = 1 - t;
      const positive = w * t;
      loss += negative * (logit > 0 ? logit + rest : rest) + positive * (logit > 0 ? rest : rest - logit);
      if (logit > 0 == t > 0.5 && logit == logit) correct += 1;
      if (dX) {
        const near = 1 / (1 + e);
        const far = e / (1 + e);
        const g = logit > 0 ? negative * near - positive * far : negative * far - positive * near;
        store<f32>(dX + c, <f32>g);
      }
    }
    x += rowBytes;
    target += rowBytes;
    if (dX) dX += rowBytes;
  }
  addSums(sums, loss, <f64>(rows * cols), correct, accumulate);
}

/** Log-probabilities x and probabilities p, n of each → p (ln p - x), 0 where p is 0; the denominator counts the samples. */
export function klDivergence(
  dX: usize, x: usize, target: usize, n: usize, samples: usize, sums: usize, accumulate: i32,
): void {
  let loss: f64 = 0;
  for (let i: usize = 0; i < n << 2; i += 4) {
    const p = <f64>load<f32>(target + i);
    if (p > 0 && p < Infinity) loss += p * (log1(p) - <f64>load<f32>(x + i));
    else if (p != 0) loss = NaN;
    if (dX) store<f32>(dX + i, <f32>(-p));
  }
  addSums(sums, loss, <f64>samples, 0, accumulate);
}
