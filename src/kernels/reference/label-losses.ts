// Class scores and labels → loss sums and the gradient of the sum, with class weights and an ignored label; any thread.
import { log } from '../scalar.ts';
import { addTo, firstOfLargest, sumFourLanes } from './loss-sums.ts';
import { expOf } from './scalar-functions.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type LabelLossName = 'weightedCrossEntropy' | 'negativeLogLikelihood' | 'mixedCrossEntropy';

/** The losses of labels over `views`. */
export function labelLossKernels({ f32, f64, i32 }: Views): Kernels<LabelLossName> {
  const rowOf = (x: number, row: number, classes: number): Float32Array =>
    f32.slice(x / 4 + row * classes, x / 4 + (row + 1) * classes);
  const weightAt = (weights: number, c: number): number => (weights === 0 ? 1 : f32[weights / 4 + c]);

  function weightedCrossEntropy(...args: number[]): void {
    const [dLogits, logits, labels, rows, classes, sums, accumulate, weights, smoothing, ignored] = args;
    const share = smoothing / classes;
    let allWeights = 0;
    for (let c = 0; c < classes; c++) allWeights += weightAt(weights, c);
    const totals = [0, 0, 0, 0];
    for (let r = 0; r < rows; r++) {
      const label = i32[labels / 4 + r];
      const dRow = new Float32Array(classes);
      if (label !== ignored) {
        const x = rowOf(logits, r, classes);
        const top = x.reduce((most, value) => (value > most ? value : most), -Infinity);
        const powers = x.map((value) => expOf(fround(value - top)));
        const sum = sumFourLanes(powers);
        const logSum = log(sum);
        const weight = weightAt(weights, label);
        const kept = (1 - smoothing) * weight;
        totals[0] += kept * (logSum - (x[label] - top));
        let all = 0;
        for (let c = 0; c < classes; c++) all += weightAt(weights, c) * (logSum - (x[c] - top));
        if (smoothing !== 0) totals[0] += share * all;
        totals[1] += weight;
        if (firstOfLargest(x) === label && !Number.isNaN(sum)) totals[2]++;
        totals[3]++;
        const factor = fround(kept + share * allWeights);
        for (let c = 0; c < classes; c++) {
          const less = fround(weightAt(weights, c) * fround(share));
          dRow[c] = fround(fround(powers[c] / sum) * factor) - less;
        }
        dRow[label] -= fround(kept);
      }
      if (dLogits !== 0) f32.set(dRow, dLogits / 4 + r * classes);
    }
    addTo(f64, sums, accumulate, weights === 0 ? totals.slice(0, 3) : totals);
  }

  function negativeLogLikelihood(...args: number[]): void {
    const [dX, x, labels, rows, classes, sums, accumulate, weights, ignored] = args;
    const totals = [0, 0, 0, 0];
    for (let r = 0; r < rows; r++) {
      const label = i32[labels / 4 + r];
      const dRow = new Float32Array(classes);
      if (label !== ignored) {
        const row = rowOf(x, r, classes);
        const weight = weightAt(weights, label);
        totals[0] -= weight * row[label];
        totals[1] += weight;
        if (firstOfLargest(row) === label) totals[2]++;
        totals[3]++;
        dRow[label] = -weight;
      }
      if (dX !== 0) f32.set(dRow, dX / 4 + r * classes);
    }
    addTo(f64, sums, accumulate, weights === 0 ? totals.slice(0, 3) : totals);
  }

  function mixedCrossEntropy(...args: number[]): void {
    const [dLogits, logits, labels, others, shares, rows, classes, sums, accumulate, smoothing] = args;
    const spread = smoothing / classes;
    const totals = [0, rows, 0];
    for (let r = 0; r < rows; r++) {
      const [label, other, share] = [i32[labels / 4 + r], i32[others / 4 + r], f32[shares / 4 + r]];
      const x = rowOf(logits, r, classes);
      const top = x.reduce((most, value) => (value > most ? value : most), -Infinity);
      const powers = x.map((value) => expOf(fround(value - top)));
      const sum = sumFourLanes(powers);
      const logSum = log(sum);
      const [own, rest] = [(1 - smoothing) * share, (1 - smoothing) * (1 - share)];
      totals[0] += own * (logSum - (x[label] - top));
      totals[0] += rest * (logSum - (x[other] - top));
      let all = 0;
      for (let c = 0; c < classes; c++) all += logSum - (x[c] - top);
      if (smoothing !== 0) totals[0] += spread * all;
      if (firstOfLargest(x) === (share < 0.5 ? other : label) && !Number.isNaN(sum)) totals[2]++;
      if (dLogits === 0) continue;
      const dRow = powers.map((power) => fround(power / sum) - fround(spread));
      dRow[label] -= fround(own);
      dRow[other] -= fround(rest);
      f32.set(dRow, dLogits / 4 + r * classes);
    }
    addTo(f64, sums, accumulate, totals);
  }

  return {
    mixedCrossEntropy: withoutResult(mixedCrossEntropy),
    weightedCrossEntropy: withoutResult(weightedCrossEntropy),
    negativeLogLikelihood: withoutResult(negativeLogLikelihood),
  };
}
