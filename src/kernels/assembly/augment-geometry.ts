// Images of samples → the same images flipped, shifted, turned, in place; every worker thread runs it.
//
// x (rows, channels, height, width) f32, ids (rows) u32. What happens to a sample is a function of the Philox block with the counter
// (0, epoch, sample id, purpose) and the seed as its key alone. It happens where the block's word 3 is below `threshold`
// (probability · 2^32). scratch: a plane; of augmentTurn (height + 3) × (width + 3) f32.
import { below, drawBlock, unitOf, word0, word1, word3 } from './philox';

/** Turns each row of a plane round (axis 1), or the order of its rows (axis 0). */
export function augmentFlip(
  x: usize, ids: usize, rows: usize, channels: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, axis: i32,
): void {
  const planeBytes = height * width << 2;
  for (let r: usize = 0; r < rows; ++r) {
    drawBlock(0, epoch, load<u32>(ids + (r << 2)), purpose, key0, key1);
    if (<f64>word3 < threshold) {
      for (let plane = x; plane < x + channels * planeBytes; plane += planeBytes) {
        if (axis) for (let y: usize = 0; y < height; ++y) reverseRow(plane + (y * width << 2), width);
        else swapRows(plane, height, width << 2);
      }
    }
    x += channels * planeBytes;
  }
}

// @ts-ignore: decorator
@inline
function reverseRow(row: usize, width: usize): void {
  let low = row, high = row + (width << 2);
  while (high - low >= 32) {
    high -= 16;
    const left = v128.load(low), right = v128.load(high);
    v128.store(low, v128.shuffle<i32>(right, right, 3, 2, 1, 0));
    v128.store(high, v128.shuffle<i32>(left, left, 3, 2, 1, 0));
    low += 16;
  }
  while (high - low >= 8) {
    high -= 4;
    const left = load<f32>(low);
    store<f32>(low, load<f32>(high));
    store<f32>(high, left);
    low += 4;
  }
}

// @ts-ignore: decorator
@inline
function swapRows(plane: usize, height: usize, rowBytes: usize): void {
  for (let upper: usize = 0, lower = height; upper + 1 < lower; ++upper) {
    lower -= 1;
    const a = plane + upper * rowBytes, b = plane + lower * rowBytes;
    for (let i: usize = 0; i < rowBytes; i += 4) {
      const value = load<f32>(a + i);
      store<f32>(a + i, load<f32>(b + i));
      store<f32>(b + i, value);
    }
  }
}

/** The place that stands for i outside [0, n): fill 0: none (-1), 1: the nearest, 2: mirrored at the edge pixel, |distance| < n. */
// @ts-ignore: decorator
@inline
function placeFor(i: isize, n: isize, fill: i32): isize {
  if (i >= 0 && i < n) return i;
  if (fill == 0) return -1;
  if (fill == 1) return i < 0 ? 0 : n - 1;
  return i < 0 ? -i : 2 * n - 2 - i;
}

/** out[y][w] = x[y + dy][w + dx], dy drawn from -mostRows to mostRows and dx from -mostColumns to mostColumns, evenly; 0 outside, or see `placeFor`. */
export function augmentShift(
  x: usize, ids: usize, rows: usize, channels: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, mostRows: isize, mostColumns: isize, fill: i32, scratch: usize,
): void {
  const planeBytes = height * width << 2, rowBytes = width << 2;
  for (let r: usize = 0; r < rows; ++r) {
    drawBlock(0, epoch, load<u32>(ids + (r << 2)), purpose, key0, key1);
    const dy = below(word0, 2 * mostRows + 1) - mostRows, dx = below(word1, 2 * mostColumns + 1) - mostColumns;
    if (<f64>word3 < threshold && (dy != 0 || dx != 0)) {
      for (let plane = x; plane < x + channels * planeBytes; plane += planeBytes) {
        memory.copy(scratch, plane, planeBytes);
        for (let y: isize = 0; y < <isize>height; ++y) {
          const from = placeFor(y + dy, height, fill);
          const row = plane + <usize>y * rowBytes;
          if (from < 0) memory.fill(row, 0, rowBytes);
          else shiftRow(row, scratch + <usize>from * rowBytes, width, dx, fill);
        }
      }
    }
    x += channels * planeBytes;
  }
}

// @ts-ignore: decorator
@inline
function shiftRow(out: usize, row: usize, width: isize, dx: isize, fill: i32): void {
  const first = min<isize>(width, max<isize>(0, -dx)), end = max<isize>(first, min<isize>(width, width - dx));
  for (let c: isize = 0; c < first; ++c) storeFrom(out, row, c, placeFor(c + dx, width, fill));
  if (end > first) memory.copy(out + (<usize>first << 2), row + (<usize>(first + dx) << 2), <usize>(end - first) << 2);
  for (let c = end; c < width; ++c) storeFrom(out, row, c, placeFor(c + dx, width, fill));
}

// @ts-ignore: decorator
@inline
function storeFrom(out: usize, row: usize, c: isize, from: isize): void {
  store<f32>(out + (<usize>c << 2), from < 0 ? 0 : load<f32>(row + (<usize>from << 2)));
}

/** cos and sin of the last `turnBy`. */
let cosine: f64 = 1, sine: f64 = 0;

/** cos and sin of 2π t, |t| ≤ 1/2: the nearest quarter turn off, then Taylor's terms, as ../reference/augment-geometry.ts. */
function turnBy(t: f64): void {
  const quarter = floor<f64>(4 * t + 0.5);
  const r = (t - quarter * 0.25) * 6.283185307179586;
  const z = r * r;
  const s = r * (1 + z * (-1.0 / 6.0 + z * (1.0 / 120.0 + z * (-1.0 / 5040.0 + z * (1.0 / 362880.0 + z * (-1.0 / 39916800.0 + z * (1.0 / 6227020800.0)))))));
  const c = 1 + z * (-0.5 + z * (1.0 / 24.0 + z * (-1.0 / 720.0 + z * (1.0 / 40320.0 + z * (-1.0 / 3628800.0 + z * (1.0 / 479001600.0 + z * (-1.0 / 87178291200.0)))))));
  const q = <i32>quarter & 3;
  cosine = q == 0 ? c : q == 1 ? -s : q == 2 ? -c : s;
  sine = q == 0 ? s : q == 1 ? c : q == 2 ? -s : -c;
}

/**
 * Turns an image about its middle, counter-clockwise by an angle drawn from -mostTurn to mostTurn (1: a whole turn), and scales it by a
 * factor drawn from `low` to `high`: bilinear between the middles of pixels, 0 outside (as PyTorch's grid_sample with zeros). In f64, rounded once.
 */
export function augmentTurn(
  x: usize, ids: usize, rows: usize, channels: usize, height: usize, width: usize,
  epoch: u32, purpose: u32, key0: u32, key1: u32, threshold: f64, mostTurn: f64, low: f64, high: f64, scratch: usize,
): void {
  const planeBytes = height * width << 2;
  for (let r: usize = 0; r < rows; ++r) {
    drawBlock(0, epoch, load<u32>(ids + (r << 2)), purpose, key0, key1);
    if (<f64>word3 < threshold) {
      turnBy((2 * unitOf(word0) - 1) * mostTurn);
      const scale = low + unitOf(word1) * (high - low);
      const a = cosine / scale, b = sine / scale;
      for (let plane = x; plane < x + channels * planeBytes; plane += planeBytes) {
        padPlane(scratch, plane, height, width);
        turnPlane(plane, scratch, height, width, a, b);
      }
    }
    x += channels * planeBytes;
  }
}

/** A plane with a row and a column of zeros before it and two behind: no place that is looked at lies outside. */
function padPlane(out: usize, plane: usize, height: usize, width: usize): void {
  const rowBytes = width << 2, paddedBytes = (width + 3) << 2;
  memory.fill(out, 0, paddedBytes * (height + 3));
  for (let y: usize = 0; y < height; ++y) memory.copy(out + (y + 1) * paddedBytes + 4, plane + y * rowBytes, rowBytes);
}

/**
 * From a padded plane, x and y of a place in the lanes of a register. What lies further outside than the padding is moved onto it: it is 0
 * either way.
 */
function turnPlane(out: usize, padded: usize, height: usize, width: usize, a: f64, b: f64): void {
  const middle = f64x2(<f64>(width - 1) * 0.5, <f64>(height - 1) * 0.5);
  const least = f64x2.splat(-1), most = f64x2(<f64>width, <f64>height);
  const along = f64x2(a, b);
  const paddedBytes = (width + 3) << 2;
  const first = padded + paddedBytes + 4;
  for (let y: usize = 0; y < height; ++y) {
    const dy = <f64>y - f64x2.extract_lane(middle, 1);
    const down = f64x2(-(b * dy), a * dy);
    for (let c: usize = 0; c < width; ++c) {
      const dx = <f64>c - f64x2.extract_lane(middle, 0);
      const place = f64x2.add(middle, f64x2.add(f64x2.mul(along, f64x2.splat(dx)), down));
      const source = f64x2.pmin(f64x2.pmax(place, least), most);
      const corner = f64x2.floor(source);
      const parts = f64x2.sub(source, corner);
      const whole = i32x4.trunc_sat_f64x2_s_zero(corner);
      const at = first + <usize>(i32x4.extract_lane(whole, 1) * <i32>paddedBytes + (i32x4.extract_lane(whole, 0) << 2));
      const upper = f64x2.promote_low_f32x4(v128.load64_zero(at));
      const lower = f64x2.promote_low_f32x4(v128.load64_zero(at + paddedBytes));
      const fx = f64x2.extract_lane(parts, 0), fy = f64x2.extract_lane(parts, 1);
      const weights = f64x2(1 - fx, fx);
      const high = f64x2.mul(weights, upper), low = f64x2.mul(weights, lower);
      const between = f64x2.add(v128.shuffle<i64>(high, low, 0, 2), v128.shuffle<i64>(high, low, 1, 3));
      const value = (1 - fy) * f64x2.extract_lane(between, 0) + fy * f64x2.extract_lane(between, 1);
      store<f32>(out, <f32>value);
      out += 4;
    }
  }
}
