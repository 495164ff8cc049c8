// Class scores and labels → loss sums and the gradient of the sum, with class weights and an ignored label; every worker thread runs it.
// sums: f64 cells numerator, denominator, correct and, where there are weights, counted rows; accumulate = 0 assigns them.
// A row whose label is `ignored` counts for nothing. dX is not written where it is 0.
import { addCell, addSums, exponentiateRow, firstOfLargest, rowMax } from './loss-rows';
import { log1 } from './vector-math';

// @ts-ignore: decorator
@inline
function weightAt(weights: usize, index: i32): f64 {
  return weights ? <f64>load<f32>(weights + (<usize>index << 2)) : 1;
}

/**
 * (1 - s) w[y] nll[y] + s/C Σ w[c] nll[c] with nll = -ln softmax(row), s the smoothing, w = 1 where weights is 0 (Szegedy et al. 2016,
 * "Rethinking the Inception Architecture", section 7, weighted as PyTorch does). The denominator sums w[y].
 */
export function weightedCrossEntropy(
  dLogits: usize, logits: usize, labels: usize, rows: usize, classes: usize, sums: usize, accumulate: i32,
  weights: usize, smoothing: f64, ignored: i32,
): void {
  let loss: f64 = 0, denominator: f64 = 0, correct: f64 = 0, counted: f64 = 0;
  const rowBytes = classes << 2;
  const share = smoothing / <f64>classes;
  let allWeights: f64 = 0;
  for (let c: i32 = 0; c < <i32>classes; ++c) allWeights += weightAt(weights, c);
  for (let r: usize = 0; r < rows; ++r) {
    const label = load<i32>(labels + (r << 2));
    if (label == ignored) {
      if (dLogits) memory.fill(dLogits, 0, rowBytes);
    } else {
      const weight = weightAt(weights, label);
      const top = rowMax(logits, classes);
      const sum = exponentiateRow(dLogits, logits, classes, top);
      const logSum = log1(<f64>sum);
      const kept = (1 - smoothing) * weight;
      loss += kept * (logSum - (<f64>load<f32>(logits + (<usize>label << 2)) - <f64>top));
      if (smoothing != 0) loss += share * sumOfRow(logits, weights, classes, logSum, top);
      denominator += weight;
      counted += 1;
      if (firstOfLargest(logits, classes) == label && sum == sum) correct += 1;
      if (dLogits) {
        scaleRow(dLogits, weights, classes, sum, <f32>(kept + share * allWeights), <f32>share);
        const at = dLogits + (<usize>label << 2);
        store<f32>(at, load<f32>(at) - <f32>kept);
      }
    }
    logits += rowBytes;
    if (dLogits) dLogits += rowBytes;
  }
  addSums(sums, loss, denominator, correct, accumulate);
  if (weights) addCell(sums + 24, counted, accumulate);
}

/** Σ w[c] nll[c] of a row. */
function sumOfRow(row: usize, weights: usize, classes: usize, logSum: f64, top: f32): f64 {
  let sum: f64 = 0;
  for (let c: i32 = 0; c < <i32>classes; ++c) {
    sum += weightAt(weights, c) * (logSum - (<f64>load<f32>(row + (<usize>c << 2)) - <f64>top));
  }
  return sum;
}

/** powers / sum · factor - share w[c], in place. */
// @ts-ignore: decorator
@inline
function scaleRow(row: usize, weights: usize, classes: usize, sum: f32, factor: f32, share: f32): void {
  const rowBytes = classes << 2;
  const vectorBytes = (classes & ~3) << 2;
  const sums = f32x4.splat(sum);
  const factors = f32x4.splat(factor);
  const shares = f32x4.splat(share);
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) {
    const scaled = f32x4.mul(f32x4.div(v128.load(row + c), sums), factors);
    const less = weights ? f32x4.mul(v128.load(weights + c), shares) : shares;
    v128.store(row + c, f32x4.sub(scaled, less));
  }
  for (; c < rowBytes; c += 4) {
    const less = weights ? load<f32>(weights + c) * share : share;
    store<f32>(row + c, load<f32>(row + c) / sum * factor - less);
  }
}

/** -w[y] x[y] of log-probabilities x. The denominator sums w[y]. */
export function negativeLogLikelihood(
  dX: usize, x: usize, labels: usize, rows: usize, classes: usize, sums: usize, accumulate: i32,
  weights: usize, ignored: i32,
): void {
  let loss: f64 = 0, denominator: f64 = 0, correct: f64 = 0, counted: f64 = 0;
  const rowBytes = classes << 2;
  for (let r: usize = 0; r < rows; ++r) {
    const label = load<i32>(labels + (r << 2));
    if (dX) memory.fill(dX, 0, rowBytes);
    if (label != ignored) {
      const weight = weightAt(weights, label);
      loss -= weight * <f64>load<f32>(x + (<usize>label << 2));
      denominator += weight;
      counted += 1;
      if (firstOfLargest(x, classes) == label) correct += 1;
      if (dX) store<f32>(dX + (<usize>label << 2), <f32>(-weight));
    }
    x += rowBytes;
    if (dX) dX += rowBytes;
  }
  addSums(sums, loss, denominator, correct, accumulate);
  if (weights) addCell(sums + 24, counted, accumulate);
}

/**
 * Of mixtures: share nll[label] + (1 - share) nll[other], with smoothing as above, nll = -ln softmax(row); shares (rows) f32. The denominator
 * counts the rows. Right is who scores the label with the larger share highest. Zhang et al. 2018, "mixup", arXiv:1710.09412.
 */
export function mixedCrossEntropy(
  dLogits: usize, logits: usize, labels: usize, others: usize, shares: usize, rows: usize, classes: usize, sums: usize,
  accumulate: i32, smoothing: f64,
): void {
  let loss: f64 = 0, correct: f64 = 0;
  const rowBytes = classes << 2;
  const spread = smoothing / <f64>classes;
  for (let r: usize = 0; r < rows << 2; r += 4) {
    const label = load<i32>(labels + r), other = load<i32>(others + r);
    const share = <f64>load<f32>(shares + r);
    const top = rowMax(logits, classes);
    const sum = exponentiateRow(dLogits, logits, classes, top);
    const logSum = log1(<f64>sum);
    const own = (1 - smoothing) * share, rest = (1 - smoothing) * (1 - share);
    loss += own * (logSum - (<f64>load<f32>(logits + (<usize>label << 2)) - <f64>top));
    loss += rest * (logSum - (<f64>load<f32>(logits + (<usize>other << 2)) - <f64>top));
    if (smoothing != 0) loss += spread * sumOfRow(logits, 0, classes, logSum, top);
    if (firstOfLargest(logits, classes) == (share < 0.5 ? other : label) && sum == sum) correct += 1;
    if (dLogits) {
      scaleRow(dLogits, 0, classes, sum, 1, <f32>spread);
      const at = dLogits + (<usize>label << 2), otherAt = dLogits + (<usize>other << 2);
      store<f32>(at, load<f32>(at) - <f32>own);
      store<f32>(otherAt, load<f32>(otherAt) - <f32>rest);
      dLogits += rowBytes;
    }
    logits += rowBytes;
  }
  addSums(sums, loss, <f64>rows, correct, accumulate);
}
