// Images of samples → the same images with a hole, with noise, brighter or with another contrast, in place; every worker thread runs it.
// Arguments and randomness as in augment-geometry.ts. Noise draws the words of the blocks from 1 on. `least` and `most` bound the results.
import { constant, log4 } from './vector-math';
import { loadLanes, storeLanes } from './lanes';
import { below, drawBlock, fourBlocks, unitOf, word0, word1, word3 } from './philox';

/** A hole of holeRows × holeColumns zeros whose middle is any pixel, cut off at the edges. DeVries & Taylor 2017, arXiv:1708.04552. */
export function augmentCutout(
  x: usize, ids: usize, rows: usize, channels: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, holeRows: isize, holeColumns: isize,
): void {
  const planeBytes = height * width << 2;
  for (let r: usize = 0; r < rows; ++r) {
    drawBlock(0, epoch, load<u32>(ids + (r << 2)), purpose, key0, key1);
    if (<f64>word3 < threshold) {
      const y = below(word0, height) - (holeRows >> 1), c = below(word1, width) - (holeColumns >> 1);
      const top = max<isize>(0, y), end = min<isize>(height, y + holeRows);
      const left = max<isize>(0, c), right = min<isize>(width, c + holeColumns);
      for (let plane = x; plane < x + channels * planeBytes; plane += planeBytes) {
        for (let row = top; row < end; ++row) {
          memory.fill(plane + (<usize>(row * <isize>width + left) << 2), 0, <usize>(right - left) << 2);
        }
      }
    }
    x += channels * planeBytes;
  }
}

// @ts-ignore: decorator
@inline
function bounded(x: v128, least: f32, most: f32): v128 {
  return f32x4.min(f32x4.max(x, f32x4.splat(least)), f32x4.splat(most));
}

/** x + deviation z, z normal by Box and Muller 1958 from the words (a, b): √(-2 ln a) cos 2πb and, of the same words, sin 2πb. scratch: 64 bytes. */
export function augmentNoise(
  x: usize, ids: usize, rows: usize, channels: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, deviation: f32, least: f32, most: f32, scratch: usize,
): void {
  const n = channels * height * width;
  for (let r: usize = 0; r < rows; ++r) {
    const id = load<u32>(ids + (r << 2));
    drawBlock(0, epoch, id, purpose, key0, key1);
    if (<f64>word3 < threshold) {
      for (let i: usize = 0; i < n; i += 16) {
        fourBlocks(scratch, <u32>(i >> 2) + 1, epoch, id, purpose, key0, key1);
        for (let block: usize = 0; block < 4 && i + (block << 2) < n; ++block) {
          const first = i + (block << 2), at = x + (first << 2);
          const rest: usize = first + 4 <= n ? 0 : n - first;
          const z = f32x4.mul(normals(v128.load(scratch + (block << 4))), f32x4.splat(deviation));
          storeLanes(at, bounded(f32x4.add(loadLanes(at, rest), z), least, most), rest);
        }
      }
    }
    x += n << 2;
  }
}

/** Words (a0, b0, a1, b1) → two pairs of normal numbers. */
// @ts-ignore: decorator
@inline
function normals(words: v128): v128 {
  // 24 bits of a word, as a number in (0, 1], and in [0, 1).
  const unit = f32x4.splat(5.9604644775390625e-8), one = constant(5);
  const a = i32x4.shr_u(v128.shuffle<i32>(words, words, 0, 0, 2, 2), 8);
  const b = i32x4.shr_u(v128.shuffle<i32>(words, words, 1, 1, 3, 3), 8);
  const u = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(a), one), unit);
  const radius = f32x4.sqrt(f32x4.mul(log4(u), f32x4.splat(-2)));
  // sin 2πb = cos 2π(b - 1/4); cos 2πt = sin 2π(1/4 - |t|) for |t| ≤ 1/2.
  const t = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(b), unit), f32x4(0, 0.25, 0, 0.25));
  const turned = f32x4.sub(t, v128.and(one, f32x4.gt(t, f32x4.splat(0.5))));
  const s = f32x4.sub(f32x4.splat(0.25), f32x4.abs(turned));
  const z = f32x4.mul(s, s);
  // Taylor's terms of sin 2πs; the first left out is below 2^-24 for |s| ≤ 1/4.
  let p = f32x4.add(f32x4.mul(f32x4.splat(-15.094643), z), f32x4.splat(42.058693));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-76.70586));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(81.60525));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-41.3417));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(6.2831855));
  return f32x4.mul(radius, f32x4.mul(s, p));
}

/** x f, or mean + (x - mean) f with the mean of the whole image where isContrast; f drawn from 1 - amount to 1 + amount. */
export function augmentTone(
  x: usize, ids: usize, rows: usize, channels: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, amount: f64, isContrast: i32, least: f32, most: f32,
): void {
  const n = channels * height * width;
  for (let r: usize = 0; r < rows; ++r) {
    drawBlock(0, epoch, load<u32>(ids + (r << 2)), purpose, key0, key1);
    if (<f64>word3 < threshold) {
      const factor = f32x4.splat(<f32>(1 + (2 * unitOf(word0) - 1) * amount));
      const middle = f32x4.splat(isContrast ? meanOf(x, n) : 0);
      for (let i: usize = 0; i < n; i += 4) {
        const at = x + (i << 2), rest: usize = i + 4 <= n ? 0 : n - i;
        const y = f32x4.add(f32x4.mul(f32x4.sub(loadLanes(at, rest), middle), factor), middle);
        storeLanes(at, bounded(y, least, most), rest);
      }
    }
    x += n << 2;
  }
}

/** In f64, element after element. */
function meanOf(x: usize, n: usize): f32 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < n; ++i) sum += <f64>load<f32>(x + (i << 2));
  return <f32>(sum / <f64>n);
}
