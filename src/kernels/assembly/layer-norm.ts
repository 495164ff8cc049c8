// Rows to rows of mean 0 and variance 1 (layer norm), or of mean square 1 (RMS norm), and the gradients; every worker thread runs it.
// Ba, Kiros, Hinton 2016, "Layer normalization", arXiv:1607.06450, eq. 4; Zhang, Sennrich 2019, "Root mean square layer
// normalization", arXiv:1910.07467, eq. 4: the same with a mean of 0, which is isCentred = 0 here.
//
// x, dy (rows, cols); weight, bias (cols), an address of 0 where there is none. Mean and variance in two passes, sums in the order of
// lane-sums.ts; they are computed again by the gradients: two passes over a row in L1 cost less than a stored tensor.
import { gradientSums, squaredDistances, sumOf } from './lane-sums';
import { loadTail, storeTail } from './lanes';

/** The mean of a row, or 0 where it is not taken off. */
// @ts-ignore: decorator
@inline
function rowMean(x: usize, cols: usize, isCentred: i32): f32 {
  return isCentred ? sumOf(x, cols) / <f32>cols : 0;
}

/** 1 / sqrt(variance + eps). */
// @ts-ignore: decorator
@inline
function rowScale(x: usize, mean: f32, cols: usize, eps: f32): f32 {
  return 1 / sqrt<f32>(squaredDistances(x, mean, cols) / <f32>cols + eps);
}

/** out = (x - mean) rstd [weight] [+ bias]; out may be x. */
export function layerNorm(
  out: usize, x: usize, weight: usize, bias: usize, rows: usize, cols: usize, eps: f32, isCentred: i32,
): void {
  const vectorBytes = (cols & ~3) << 2;
  const rest = cols & 3;
  for (let r: usize = 0; r < rows; ++r) {
    const mean = rowMean(x, cols, isCentred);
    const centre = f32x4.splat(mean);
    const scale = f32x4.splat(rowScale(x, mean, cols, eps));
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) {
      let y = f32x4.mul(f32x4.sub(v128.load(x + c), centre), scale);
      if (weight) y = f32x4.mul(y, v128.load(weight + c));
      if (bias) y = f32x4.add(y, v128.load(bias + c));
      v128.store(out + c, y);
    }
    if (rest) {
      let y = f32x4.mul(f32x4.sub(loadTail(x + c, rest), centre), scale);
      if (weight) y = f32x4.mul(y, loadTail(weight + c, rest));
      if (bias) y = f32x4.add(y, loadTail(bias + c, rest));
      storeTail(out + c, y, rest);
    }
    out += cols << 2;
    x += cols << 2;
  }
}

/** dx = rstd (g - mean of g - x̂ · mean of g x̂), g = dy [weight], x̂ = (x - mean) rstd; dx may be dy or x. */
export function layerNormBackward(
  dx: usize, dy: usize, x: usize, weight: usize, rows: usize, cols: usize, eps: f32, isCentred: i32,
): void {
  const vectorBytes = (cols & ~3) << 2;
  const rest = cols & 3;
  for (let r: usize = 0; r < rows; ++r) {
    const mean = rowMean(x, cols, isCentred);
    const rstd = rowScale(x, mean, cols, eps);
    const sums = gradientSums(dy, x, weight, mean, rstd, cols);
    const centre = f32x4.splat(mean), scale = f32x4.splat(rstd);
    const shift = f32x4.splat(isCentred ? f32x4.extract_lane(sums, 0) / <f32>cols : 0);
    const tilt = f32x4.splat(f32x4.extract_lane(sums, 1) / <f32>cols);
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) {
      let g = v128.load(dy + c);
      if (weight) g = f32x4.mul(g, v128.load(weight + c));
      const normal = f32x4.mul(f32x4.sub(v128.load(x + c), centre), scale);
      v128.store(dx + c, f32x4.mul(scale, f32x4.sub(f32x4.sub(g, shift), f32x4.mul(normal, tilt))));
    }
    if (rest) {
      let g = loadTail(dy + c, rest);
      if (weight) g = f32x4.mul(g, loadTail(weight + c, rest));
      const normal = f32x4.mul(f32x4.sub(loadTail(x + c, rest), centre), scale);
      storeTail(dx + c, f32x4.mul(scale, f32x4.sub(f32x4.sub(g, shift), f32x4.mul(normal, tilt))), rest);
    }
    dx += cols << 2;
    dy += cols << 2;
    x += cols << 2;
  }
}

/** dWeight (cols) = [dWeight +] the sum over rows, in their order, of dy x̂. */
export function layerNormWeightGradient(
  dWeight: usize, dy: usize, x: usize, rows: usize, cols: usize, eps: f32, isCentred: i32, accumulate: i32,
): void {
  const vectorBytes = (cols & ~3) << 2;
  const rest = cols & 3;
  if (!accumulate) memory.fill(dWeight, 0, cols << 2);
  for (let r: usize = 0; r < rows; ++r) {
    const mean = rowMean(x, cols, isCentred);
    const centre = f32x4.splat(mean);
    const scale = f32x4.splat(rowScale(x, mean, cols, eps));
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + c), centre), scale);
      v128.store(dWeight + c, f32x4.add(v128.load(dWeight + c), f32x4.mul(v128.load(dy + c), normal)));
    }
    if (rest) {
      const normal = f32x4.mul(f32x4.sub(loadTail(x + c, rest), centre), scale);
      storeTail(dWeight + c, f32x4.add(loadTail(dWeight + c, rest), f32x4.mul(loadTail(dy + c, rest), normal)), rest);
    }
    dy += cols << 2;
    x += cols << 2;
  }
}
