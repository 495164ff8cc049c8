// Groups of a sample's channels to mean 0 and variance 1, and the gradients; every worker thread runs it.
// Wu, He 2018, "Group normalization", arXiv:1803.08494, eq. 1-6.
//
// x, dy (samples, channels, spatial); weight, bias (channels), an address of 0 where there is none. A group is channels / groups
// channels that are neighbours; its mean and variance in two passes, sums in the order of lane-sums.ts.
import { differentiateGroupRun, normalizeRun } from './channel-runs';
import { gradientSums, squaredDistances, sumOf } from './lane-sums';

// @ts-ignore: decorator
@inline
function inverseDeviation(x: usize, mean: f32, n: usize, eps: f32): f32 {
  return 1 / sqrt<f32>(squaredDistances(x, mean, n) / <f32>n + eps);
}

/** The number at `array`, or another where there is no array. */
// @ts-ignore: decorator
@inline
function loadOr(array: usize, index: usize, other: f32): f32 {
  return array ? load<f32>(array + (index << 2)) : other;
}

/** out = (x - mean) (rstd weight) + bias; out may be x. */
export function groupNorm(
  out: usize, x: usize, weight: usize, bias: usize,
  samples: usize, channels: usize, spatial: usize, groups: usize, eps: f32,
): void {
  const members = channels / groups, n = members * spatial;
  for (let g: usize = 0; g < samples * groups; ++g) {
    const mean = sumOf(x, n) / <f32>n;
    const rstd = inverseDeviation(x, mean, n, eps);
    const first = (g % groups) * members;
    for (let c = first; c < first + members; ++c) {
      normalizeRun(out, x, mean, rstd * loadOr(weight, c, 1), loadOr(bias, c, 0), spatial);
      out += spatial << 2;
      x += spatial << 2;
    }
  }
}

/**
 * dx = rstd ((dy weight - a) - x̂ b), x̂ = (x - mean) rstd; a and b are the group's means of dy weight and dy weight x̂, summed run by
 * run in the channels' order. dx may be dy or x.
 */
export function groupNormBackward(
  dx: usize, dy: usize, x: usize, weight: usize,
  samples: usize, channels: usize, spatial: usize, groups: usize, eps: f32,
): void {
  const members = channels / groups, n = members * spatial, runBytes = spatial << 2;
  for (let g: usize = 0; g < samples * groups; ++g) {
    const mean = sumOf(x, n) / <f32>n;
    const rstd = inverseDeviation(x, mean, n, eps);
    const first = (g % groups) * members;
    let a: f32 = 0, b: f32 = 0;
    for (let c: usize = 0; c < members; ++c) {
      const sums = gradientSums(dy + c * runBytes, x + c * runBytes, 0, mean, rstd, spatial);
      const w = loadOr(weight, first + c, 1);
      a += w * f32x4.extract_lane(sums, 0);
      b += w * f32x4.extract_lane(sums, 1);
    }
    a /= <f32>n;
    b /= <f32>n;
    for (let c: usize = 0; c < members; ++c) {
      differentiateGroupRun(dx, dy, x, mean, rstd, loadOr(weight, first + c, 1), a, b, spatial);
      dx += runBytes;
      dy += runBytes;
      x += runBytes;
    }
  }
}

/** dWeight (channels) = [dWeight +] the sum of dy x̂, a channel's run first, then over samples in order. */
export function groupNormWeightGradient(
  dWeight: usize, dy: usize, x: usize,
  samples: usize, channels: usize, spatial: usize, groups: usize, eps: f32, accumulate: i32,
): void {
  const members = channels / groups, n = members * spatial, runBytes = spatial << 2;
  if (!accumulate) memory.fill(dWeight, 0, channels << 2);
  for (let g: usize = 0; g < samples * groups; ++g) {
    const mean = sumOf(x, n) / <f32>n;
    const rstd = inverseDeviation(x, mean, n, eps);
    let to = dWeight + (((g % groups) * members) << 2);
    for (let c: usize = 0; c < members; ++c) {
      store<f32>(to, load<f32>(to) + f32x4.extract_lane(gradientSums(dy, x, 0, mean, rstd, spatial), 1));
      to += 4;
      dy += runBytes;
      x += runBytes;
    }
  }
}
