// Sums over rows, over gradient slots and of squares, each in one fixed order; every worker thread runs it.
import { loadLanes, loadTail, storeTail, zip } from './lanes';

class Add { @inline apply(a: v128, b: v128): v128 { return f32x4.add(a, b); } }

/** out (cols) = [out +] the sum over r of x (rows, cols), in the order of r; rows = 0 gives 0. */
export function sumRows(out: usize, x: usize, rows: usize, cols: usize, accumulate: i32): void {
  const rowBytes = cols << 2;
  if (!accumulate) memory.fill(out, 0, rowBytes);
  for (let r: usize = 0; r < rows; ++r) zip<Add>(out, out, x + r * rowBytes, cols);
}

/** Elements that are summed at once: a block of each level of the tree stays in L1. */
const BLOCK: usize = 1024;

// @ts-ignore: decorator
@inline
function slotAt(slots: usize, index: usize, byteOffset: usize): usize {
  return <usize>load<u32>(slots + (index << 2)) + byteOffset;
}

/** Two neighbouring slots. */
function sumPair(out: usize, slots: usize, byteOffset: usize, n: usize): void {
  zip<Add>(out, slotAt(slots, 0, byteOffset), slotAt(slots, 1, byteOffset), n);
}

/** Four slots: (0 + 1) + (2 + 3). */
function sumFour(out: usize, slots: usize, byteOffset: usize, n: usize): void {
  const s0 = slotAt(slots, 0, byteOffset), s1 = slotAt(slots, 1, byteOffset);
  const s2 = slotAt(slots, 2, byteOffset), s3 = slotAt(slots, 3, byteOffset);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    const left = f32x4.add(v128.load(s0 + i), v128.load(s1 + i));
    v128.store(out + i, f32x4.add(left, f32x4.add(v128.load(s2 + i), v128.load(s3 + i))));
  }
  for (; i < n << 2; i += 4) {
    store<f32>(out + i, load<f32>(s0 + i) + load<f32>(s1 + i) + (load<f32>(s2 + i) + load<f32>(s3 + i)));
  }
}

/** Eight slots: the sum of two fours. */
function sumEight(out: usize, slots: usize, byteOffset: usize, n: usize): void {
  const s0 = slotAt(slots, 0, byteOffset), s1 = slotAt(slots, 1, byteOffset);
  const s2 = slotAt(slots, 2, byteOffset), s3 = slotAt(slots, 3, byteOffset);
  const s4 = slotAt(slots, 4, byteOffset), s5 = slotAt(slots, 5, byteOffset);
  const s6 = slotAt(slots, 6, byteOffset), s7 = slotAt(slots, 7, byteOffset);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    let left = f32x4.add(v128.load(s0 + i), v128.load(s1 + i));
    left = f32x4.add(left, f32x4.add(v128.load(s2 + i), v128.load(s3 + i)));
    let right = f32x4.add(v128.load(s4 + i), v128.load(s5 + i));
    right = f32x4.add(right, f32x4.add(v128.load(s6 + i), v128.load(s7 + i)));
    v128.store(out + i, f32x4.add(left, right));
  }
  for (; i < n << 2; i += 4) {
    const left = load<f32>(s0 + i) + load<f32>(s1 + i) + (load<f32>(s2 + i) + load<f32>(s3 + i));
    const right = load<f32>(s4 + i) + load<f32>(s5 + i) + (load<f32>(s6 + i) + load<f32>(s7 + i));
    store<f32>(out + i, left + right);
  }
}

/** T(0, count) over a block of n elements; the right half of each level lies in scratch while it is added. */
function sumTree(out: usize, slots: usize, count: usize, byteOffset: usize, n: usize, scratch: usize): void {
  if (count == 8) return sumEight(out, slots, byteOffset, n);
  if (count == 4) return sumFour(out, slots, byteOffset, n);
  if (count == 2) return sumPair(out, slots, byteOffset, n);
  if (count == 1) return memory.copy(out, slotAt(slots, 0, byteOffset), n << 2);
  // The largest power of two below count.
  const left = <usize>1 << (31 - clz<u32>(<u32>(count - 1)));
  sumTree(out, slots, left, byteOffset, n, scratch);
  sumTree(scratch, slots + (left << 2), count - left, byteOffset, n, scratch + (BLOCK << 2));
  zip<Add>(out, out, scratch, n);
}

/**
 * out (n) = the sum over slots 0..count-1 of the n elements at byteOffset, by the fixed tree T(lo, hi) = T(lo, mid) + T(mid, hi),
 * mid - lo the largest power of two below hi - lo; 0 slots give 0. `slots` is a table of u32 addresses.
 */
export function treeSum(out: usize, slots: usize, count: usize, byteOffset: usize, n: usize, scratch: usize): void {
  if (count == 0) {
    memory.fill(out, 0, n << 2);
    return;
  }
  for (let i: usize = 0; i < n; i += BLOCK) {
    sumTree(out + (i << 2), slots, count, byteOffset + (i << 2), min(BLOCK, n - i), scratch);
  }
}

/** x *= scale in place; the f64 sum of its squares. */
export function scaleSquareSum(x: usize, scale: f32, n: usize): f64 {
  const factor = f32x4.splat(scale);
  const vectorBytes = (n & ~3) << 2;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    const y = f32x4.mul(v128.load(x + i), factor);
    v128.store(x + i, y);
    const a = f64x2.promote_low_f32x4(y);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i32>(y, y, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const rest = n & 3;
  if (rest) {
    const y = f32x4.mul(loadTail(x + i, rest), factor);
    storeTail(x + i, y, rest);
    const z = v128.bitselect(y, f32x4.splat(0), i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(<i32>rest)));
    const a = f64x2.promote_low_f32x4(z);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i32>(z, z, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The f64 sum of the squares of x (n), in the order of scaleSquareSum; x, which others may read meanwhile, is not written. */
export function squareSum(x: usize, n: usize): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    // The lanes behind a tail are 0, and so are their squares.
    const y = loadLanes(x + (i << 2), n - i < 4 ? n - i : 0);
    const a = f64x2.promote_low_f32x4(y);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i32>(y, y, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
