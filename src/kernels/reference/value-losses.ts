// Predictions and target values → loss sums and the gradient of the sum, element by element; any thread.
import { exp, log } from '../scalar.ts';
import { addTo } from './loss-sums.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The losses of values over `views`. */
export function valueLossKernels({ f32, f64, i32 }: Views): Kernels<'absoluteError' | 'logisticLoss' | 'klDivergence'> {
  function absoluteError(...args: number[]): void {
    const [dPrediction, prediction, target, n, sums, accumulate, threshold, quadratic, slope] = args;
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const d = fround(f32[prediction / 4 + i] - f32[target / 4 + i]);
      const isNear = Math.abs(d) < threshold;
      loss += isNear ? quadratic * d * d * 0.5 : slope * (Math.abs(d) - threshold * 0.5);
      if (dPrediction !== 0) f32[dPrediction / 4 + i] = isNear ? quadratic * d : d > 0 ? slope : d < 0 ? -slope : d;
    }
    addTo(f64, sums, accumulate, [loss, n, 0]);
  }

  function logisticLoss(...args: number[]): void {
    const [dX, x, target, rows, cols, sums, accumulate, weights, isLabels] = args;
    let [loss, correct] = [0, 0];
    for (let i = 0; i < rows * cols; i++) {
      const logit = f32[x / 4 + i];
      const t = isLabels ? i32[target / 4 + i] : f32[target / 4 + i];
      const w = weights === 0 ? 1 : f32[weights / 4 + (i % cols)];
      const e = exp(-Math.abs(logit));
      const rest = logOnePlus(e);
      const [negative, positive] = [1 - t, w * t];
      loss += negative * (logit > 0 ? logit + rest : rest) + positive * (logit > 0 ? rest : rest - logit);
      if (logit > 0 === t > 0.5 && !Number.isNaN(logit)) correct++;
      if (dX === 0) continue;
      const [near, far] = [1 / (1 + e), e / (1 + e)];
      f32[dX / 4 + i] = logit > 0 ? negative * near - positive * far : negative * far - positive * near;
    }
    addTo(f64, sums, accumulate, [loss, rows * cols, correct]);
  }

  function klDivergence(...args: number[]): void {
    const [dX, x, target, n, samples, sums, accumulate] = args;
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const p = f32[target / 4 + i];
      if (p > 0 && p < Infinity) loss += p * (log(p) - f32[x / 4 + i]);
      else if (p !== 0) loss = Number.NaN;
      if (dX !== 0) f32[dX / 4 + i] = -p;
    }
    addTo(f64, sums, accumulate, [loss, samples, 0]);
  }

  return {
    absoluteError: withoutResult(absoluteError),
    logisticLoss: withoutResult(logisticLoss),
    klDivergence: withoutResult(klDivergence),
  };
}

/** ln(1 + x) for 0 ≤ x ≤ 1: log of the rounded 1 + x, made up for its rounding (Kahan). */
function logOnePlus(x: number): number {
  const u = 1 + x;
  return u === 1 ? x : (log(u) * x) / (u - 1);
}
