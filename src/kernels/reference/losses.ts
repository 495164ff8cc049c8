// Logits or predictions and targets → loss sums and the gradient of the sum, row by row; any thread.
import { log } from '../scalar.ts';
import { sumFourLanes } from './loss-sums.ts';
import { expOf } from './scalar-functions.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The losses over `views`. */
export function lossKernels({ f32, f64, u32 }: Views): Kernels<'softmaxCrossEntropy' | 'meanSquaredError'> {
  function addSums(sums: number, accumulate: number, values: number[]): void {
    for (let i = 0; i < 3; i++) f64[sums / 8 + i] = values[i] + (accumulate ? f64[sums / 8 + i] : 0);
  }

  function softmaxCrossEntropy(...args: number[]): void {
    const [dLogits, logits, labels, rows, classes, sums, accumulate] = args;
    let [loss, correct] = [0, 0];
    for (let r = 0; r < rows; r++) {
      const x = f32.slice(logits / 4 + r * classes, logits / 4 + (r + 1) * classes);
      const label = u32[labels / 4 + r];
      const top = x.reduce((most, value) => (value > most ? value : most), -Infinity);
      const powers = x.map((value) => expOf(fround(value - top)));
      const sum = sumFourLanes(powers);
      loss += log(sum) - (x[label] - top);
      if (x.indexOf(top) === label && !Number.isNaN(sum)) correct++;
      if (dLogits === 0) continue;
      for (let c = 0; c < classes; c++) {
        f32[dLogits / 4 + r * classes + c] = fround(powers[c] / sum) - (c === label ? 1 : 0);
      }
    }
    addSums(sums, accumulate, [loss, rows, correct]);
  }

  function meanSquaredError(...args: number[]): void {
    const [dPrediction, prediction, target, rows, cols, sums, accumulate] = args;
    const lanes = [0, 0, 0, 0];
    for (let i = 0; i < rows * cols; i++) {
      const difference = fround(f32[prediction / 4 + i] - f32[target / 4 + i]);
      lanes[i % 4] += difference * difference;
      if (dPrediction !== 0) f32[dPrediction / 4 + i] = 2 * difference;
    }
    addSums(sums, accumulate, [lanes[0] + lanes[2] + (lanes[1] + lanes[3]), rows * cols, 0]);
  }

  return {
    softmaxCrossEntropy: withoutResult(softmaxCrossEntropy),
    meanSquaredError: withoutResult(meanSquaredError),
  };
}
