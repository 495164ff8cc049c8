// Logits or predictions and targets → loss sums and the gradient of the sum; every worker thread runs it.
// sums: three f64 cells (numerator, denominator, correct); accumulate = 0 assigns them.
import { loadTail, mapWith, storeTail } from './lanes';
import { addSums, rowMax } from './loss-rows';
import { exp4, log1 } from './vector-math';

class Div { @inline apply(x: v128, y: v128): v128 { return f32x4.div(x, y); } }

/** Softmax cross-entropy, summed over rows; dLogits (rows, classes) = softmax - one-hot where dLogits is not 0. */
export function softmaxCrossEntropy(
  dLogits: usize, logits: usize, labels: usize, rows: usize, classes: usize, sums: usize, accumulate: i32,
): void {
  let loss: f64 = 0, correct: f64 = 0;
  const rowBytes = classes << 2;
  const vectorBytes = (classes & ~3) << 2;
  const rest = classes & 3;
  for (let r: usize = 0; r < rows; ++r) {
    const label = load<u32>(labels + (r << 2));
    const top = rowMax(logits, classes);
    const atLabel = load<f32>(logits + (<usize>label << 2));
    const tops = f32x4.splat(top);
    let first: usize = 0;
    while (first < label && load<f32>(logits + (first << 2)) != top) ++first;
    let lanes = f32x4.splat(0);
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) {
      const e = exp4(f32x4.sub(v128.load(logits + c), tops));
      lanes = f32x4.add(lanes, e);
      if (dLogits) v128.store(dLogits + c, e);
    }
    if (rest) {
      const e = exp4(f32x4.sub(loadTail(logits + c, rest), tops));
      lanes = f32x4.add(lanes, v128.and(e, i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(<i32>rest))));
      if (dLogits) storeTail(dLogits + c, e, rest);
    }
    const sum = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 2) + (f32x4.extract_lane(lanes, 1) + f32x4.extract_lane(lanes, 3));
    loss += log1(<f64>sum) - (<f64>atLabel - <f64>top);
    if (first == label && atLabel == top && sum == sum) correct += 1;
    if (dLogits) {
      const sums4 = f32x4.splat(sum);
      let d: usize = 0;
      for (; d < vectorBytes; d += 16) v128.store(dLogits + d, f32x4.div(v128.load(dLogits + d), sums4));
      for (; d < rowBytes; d += 4) store<f32>(dLogits + d, load<f32>(dLogits + d) / sum);
      const at = dLogits + (<usize>label << 2);
      store<f32>(at, load<f32>(at) - 1);
      dLogits += rowBytes;
    }
    logits += rowBytes;
  }
  addSums(sums, loss, <f64>rows, correct, accumulate);
}

/** Squared error, summed over rows x cols elements in f64, element i in lane i mod 4; dPrediction = 2 (prediction - target) where it is not 0. */
export function meanSquaredError(
  dPrediction: usize, prediction: usize, target: usize, rows: usize, cols: usize, sums: usize, accumulate: i32,
): void {
  const n = rows * cols;
  const vectorBytes = (n & ~3) << 2;
  const rest = n & 3;
  let low = f64x2.splat(0), high = f64x2.splat(0);
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    const d = f32x4.sub(v128.load(prediction + i), v128.load(target + i));
    if (dPrediction) v128.store(dPrediction + i, f32x4.add(d, d));
    low = addSquares(low, d);
    high = addSquares(high, v128.shuffle<i32>(d, d, 2, 3, 2, 3));
  }
  if (rest) {
    // Lanes beyond the end are 0 - 0.
    const d = f32x4.sub(loadTail(prediction + i, rest), loadTail(target + i, rest));
    if (dPrediction) storeTail(dPrediction + i, f32x4.add(d, d), rest);
    low = addSquares(low, d);
    high = addSquares(high, v128.shuffle<i32>(d, d, 2, 3, 2, 3));
  }
  const sum = f64x2.add(low, high);
  addSums(sums, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1), <f64>n, 0, accumulate);
}

// @ts-ignore: decorator
@inline
function addSquares(sum: v128, x: v128): v128 {
  const wide = f64x2.promote_low_f32x4(x);
  return f64x2.add(sum, f64x2.mul(wide, wide));
}
