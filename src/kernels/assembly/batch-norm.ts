// A shard's channels to mean 0 and variance 1 over samples and space, or by given statistics, and the gradients; every worker thread runs it.
// Ioffe, Szegedy 2015, "Batch normalization", arXiv:1502.03167, algorithm 1 and the gradients of section 3.
//
// x, dy (samples, channels, spatial); mean, variance, weight, bias (channels), an address of 0 for a weight or bias that is not there;
// variance = 0: it lies right behind mean, as in the moments (2, channels). Sums: a channel's run of one sample in f32 in the order
// of lane-sums.ts, then over samples in their order in f64. With spatial = 1 all channels of a sample are neighbours, and lanes are channels.
// scratch: 12 bytes a channel, as batch-norm-scratch.ts says.
import { differentiateRow, differentiateRun, normalizeRun } from './channel-runs';
import { gradientSums, squaredDistances, sumOf } from './lane-sums';
import { loadTail, storeTail } from './lanes';

// @ts-ignore: decorator
@inline
function lanesAt(address: usize, rest: usize): v128 {
  return rest ? loadTail(address, rest) : v128.load(address);
}

// @ts-nocheck: terms are classes without state, see lanes.ts; `at` gives those of four channels
class Value {
  @inline at(dy: usize, x: usize, mean: usize, rstd: usize, rest: usize): v128 { return lanesAt(x, rest); }
}
class SquaredDistance {
  @inline at(dy: usize, x: usize, mean: usize, rstd: usize, rest: usize): v128 {
    const d = f32x4.sub(lanesAt(x, rest), lanesAt(mean, rest));
    return f32x4.mul(d, d);
  }
}
class GradientProduct {
  @inline at(dy: usize, x: usize, mean: usize, rstd: usize, rest: usize): v128 {
    return f32x4.mul(lanesAt(dy, rest), f32x4.mul(f32x4.sub(lanesAt(x, rest), lanesAt(mean, rest)), lanesAt(rstd, rest)));
  }
}

// @ts-ignore: decorator
@inline
function addWide(sums: usize, x: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(x)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3))), 16);
}

/** sums (channels up to a multiple of 4) f64 = the sums of the terms over samples; spatial = 1. */
// @ts-ignore: decorator
@inline
function sumColumns<Term>(
  sums: usize, dy: usize, x: usize, mean: usize, rstd: usize, samples: usize, channels: usize,
): void {
  const term = changetype<Term>(0);
  const vectorBytes = (channels & ~3) << 2;
  const rest = channels & 3;
  memory.fill(sums, 0, ((channels + 3) & ~3) << 3);
  for (let s: usize = 0; s < samples; ++s) {
    let c: usize = 0;
    for (; c < vectorBytes; c += 16) addWide(sums + (c << 1), term.at(dy + c, x + c, mean + c, rstd + c, 0));
    if (rest) addWide(sums + (c << 1), term.at(dy + c, x + c, mean + c, rstd + c, rest));
    dy += channels << 2;
    x += channels << 2;
  }
}

/** out (channels) f32 = sums / divisor. */
function storeSums(out: usize, sums: usize, channels: usize, divisor: f64): void {
  for (let c: usize = 0; c < channels; ++c) store<f32>(out + (c << 2), <f32>(load<f64>(sums + (c << 3)) / divisor));
}

/** scale (channels) = 1 / sqrt(variance + eps) [weight]. */
function storeScales(scale: usize, variance: usize, weight: usize, channels: usize, eps: f32): void {
  for (let c: usize = 0; c < channels << 2; c += 4) {
    const rstd: f32 = 1 / sqrt<f32>(load<f32>(variance + c) + eps);
    store<f32>(scale + c, weight ? rstd * load<f32>(weight + c) : rstd);
  }
}

/** out (2, channels) = mean and biased variance over samples and space; 0 / 0 without a value. */
export function batchMoments(out: usize, x: usize, samples: usize, channels: usize, spatial: usize, scratch: usize): void {
  const variance = out + (channels << 2);
  const count = <f64>samples * <f64>spatial;
  if (spatial == 1) {
    sumColumns<Value>(scratch, x, x, x, x, samples, channels);
    storeSums(out, scratch, channels, count);
    sumColumns<SquaredDistance>(scratch, x, x, out, out, samples, channels);
    return storeSums(variance, scratch, channels, count);
  }
  const sampleBytes = (channels * spatial) << 2;
  for (let c: usize = 0; c < channels; ++c) {
    const run = x + ((c * spatial) << 2);
    let sum: f64 = 0, squares: f64 = 0;
    for (let s: usize = 0; s < samples; ++s) sum += <f64>sumOf(run + s * sampleBytes, spatial);
    const mean = <f32>(sum / count);
    for (let s: usize = 0; s < samples; ++s) squares += <f64>squaredDistances(run + s * sampleBytes, mean, spatial);
    store<f32>(out + (c << 2), mean);
    store<f32>(variance + (c << 2), <f32>(squares / count));
  }
}

/** out = (x - mean) scale + bias, channel by channel; an address of 0 stands for zeros. */
function normalizeChannels(
  out: usize, x: usize, mean: usize, scale: usize, bias: usize, samples: usize, channels: usize, spatial: usize,
): void {
  const zero = f32x4.splat(0);
  if (spatial == 1) {
    const vectorBytes = (channels & ~3) << 2;
    const rest = channels & 3;
    for (let s: usize = 0; s < samples; ++s) {
      let c: usize = 0;
      for (; c < vectorBytes; c += 16) {
        const centred = f32x4.sub(v128.load(x + c), mean ? v128.load(mean + c) : zero);
        v128.store(out + c, f32x4.add(f32x4.mul(centred, v128.load(scale + c)), bias ? v128.load(bias + c) : zero));
      }
      if (rest) {
        const centred = f32x4.sub(loadTail(x + c, rest), mean ? loadTail(mean + c, rest) : zero);
        storeTail(out + c, f32x4.add(f32x4.mul(centred, loadTail(scale + c, rest)), bias ? loadTail(bias + c, rest) : zero), rest);
      }
      out += channels << 2;
      x += channels << 2;
    }
    return;
  }
  for (let s: usize = 0; s < samples; ++s) {
    for (let c: usize = 0; c < channels << 2; c += 4) {
      const shift: f32 = bias ? load<f32>(bias + c) : 0;
      normalizeRun(out, x, mean ? load<f32>(mean + c) : 0, load<f32>(scale + c), shift, spatial);
      out += spatial << 2;
      x += spatial << 2;
    }
  }
}

/** out = (x - mean) (weight / sqrt(variance + eps)) + bias; out may be x. */
export function batchNorm(
  out: usize, x: usize, mean: usize, variance: usize, weight: usize, bias: usize,
  samples: usize, channels: usize, spatial: usize, eps: f32, scratch: usize,
): void {
  storeScales(scratch, variance ? variance : mean + (channels << 2), weight, channels, eps);
  normalizeChannels(out, x, mean, scratch, bias, samples, channels, spatial);
}

/** out (2, channels) = the sums of dy and of dy x̂ over samples and space, x̂ = (x - mean) / sqrt(variance + eps). */
export function batchNormSums(
  out: usize, dy: usize, x: usize, mean: usize, variance: usize,
  samples: usize, channels: usize, spatial: usize, eps: f32, scratch: usize,
): void {
  const products = out + (channels << 2);
  const rstd = scratch + (((channels + 3) & ~3) << 3);
  storeScales(rstd, variance ? variance : mean + (channels << 2), 0, channels, eps);
  if (spatial == 1) {
    sumColumns<Value>(scratch, dy, dy, dy, dy, samples, channels);
    storeSums(out, scratch, channels, 1);
    sumColumns<GradientProduct>(scratch, dy, x, mean, rstd, samples, channels);
    return storeSums(products, scratch, channels, 1);
  }
  const sampleBytes = (channels * spatial) << 2;
  for (let c: usize = 0; c < channels; ++c) {
    const run = (c * spatial) << 2;
    let sum: f64 = 0, product: f64 = 0;
    for (let s: usize = 0; s < samples; ++s) {
      const at = run + s * sampleBytes;
      const sums = gradientSums(dy + at, x + at, 0, load<f32>(mean + (c << 2)), load<f32>(rstd + (c << 2)), spatial);
      sum += <f64>f32x4.extract_lane(sums, 0);
      product += <f64>f32x4.extract_lane(sums, 1);
    }
    store<f32>(out + (c << 2), <f32>sum);
    store<f32>(products + (c << 2), <f32>product);
  }
}

/**
 * dx = scale ((dy - mean of dy) - (x - mean) (rstd · mean of dy x̂)), scale = rstd weight, through the moments (2, channels) too;
 * `sums` are those of batchNormSums. dx may be dy or x.
 */
export function batchNormBackward(
  dx: usize, dy: usize, x: usize, moments: usize, weight: usize, sums: usize,
  samples: usize, channels: usize, spatial: usize, eps: f32, scratch: usize,
): void {
  const scale = scratch, shift = scale + (channels << 2), tilt = shift + (channels << 2);
  const variance = moments + (channels << 2);
  const count = <f32>(<f64>samples * <f64>spatial);
  storeScales(scale, variance, weight, channels, eps);
  for (let c: usize = 0; c < channels << 2; c += 4) {
    store<f32>(shift + c, load<f32>(sums + c) / count);
    store<f32>(tilt + c, 1 / sqrt<f32>(load<f32>(variance + c) + eps) * (load<f32>(sums + (channels << 2) + c) / count));
  }
  for (let s: usize = 0; s < samples; ++s) {
    if (spatial == 1) {
      differentiateRow(dx, dy, x, moments, scale, shift, tilt, channels);
      dx += channels << 2;
      dy += channels << 2;
      x += channels << 2;
      continue;
    }
    for (let c: usize = 0; c < channels << 2; c += 4) {
      differentiateRun(dx, dy, x, load<f32>(moments + c), load<f32>(scale + c), load<f32>(shift + c), load<f32>(tilt + c), spatial);
      dx += spatial << 2;
      dy += spatial << 2;
      x += spatial << 2;
    }
  }
}

/** dx = dy weight / sqrt(variance + eps): the gradient where the statistics are given; dx may be dy. */
export function batchNormInferenceBackward(
  dx: usize, dy: usize, variance: usize, weight: usize,
  samples: usize, channels: usize, spatial: usize, eps: f32, scratch: usize,
): void {
  storeScales(scratch, variance, weight, channels, eps);
  normalizeChannels(dx, dy, 0, scratch, 0, samples, channels, spatial);
}

/** out (cols) = [out +] row number `row` of x (·, cols). */
export function pickRow(out: usize, x: usize, row: usize, cols: usize, accumulate: i32): void {
  x += (row * cols) << 2;
  if (!accumulate) return memory.copy(out, x, cols << 2);
  for (let c: usize = 0; c < cols << 2; c += 4) store<f32>(out + c, load<f32>(out + c) + load<f32>(x + c));
}

/** out (channels) = the biased variance of moments (2, channels) times m / (m - 1), m = samples · spatial; no number for m = 1. */
export function unbiasedVariance(out: usize, moments: usize, samples: usize, channels: usize, spatial: usize): void {
  const count = <f64>samples * <f64>spatial;
  const variance = moments + (channels << 2);
  for (let c: usize = 0; c < channels << 2; c += 4) {
    store<f32>(out + c, <f32>(<f64>load<f32>(variance + c) * count / (count - 1)));
  }
}
