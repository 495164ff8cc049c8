// Sums over rows, over gradient slots and of squares, each in one fixed order; every worker thread runs it.
import { loadTail, storeTail, zip } from './lanes';

class Add { @inline apply(a: v128, b: v128): v128 { return f32x4.add(a, b); } }

/** out (cols) = [out +] the sum over r of x (rows, cols), in the order of r; rows = 0 gives 0. */
export function sumRows(out: usize, x: usize, rows: usize, cols: usize, accumulate: i32): void {
  const rowBytes = cols << 2;
  if (!accumulate) memory.fill(out, 0, rowBytes);
  for (let r: usize = 0; r < rows; ++r) zip<Add>(out, out, x + r * rowBytes, cols);
}

/** T(lo, hi) of the element at byte `at` of every slot. */
function treeElement(slots: usize, lo: usize, hi: usize, at: usize): f32 {
  if (hi - lo == 1) return load<f32>(<usize>load<u32>(slots + (lo << 2)) + at);
  const mid = lo + (<usize>1 << (31 - clz<u32>(<u32>(hi - lo - 1))));
  return treeElement(slots, lo, mid, at) + treeElement(slots, mid, hi, at);
}

/** out[i] = the tree sum over slots 0..count-1. */
export function treeSum(out: usize, slots: usize, count: usize, byteOffset: usize, n: usize, scratch: usize): void {
  for (let i: usize = 0; i < n << 2; i += 4) store<f32>(out + i, count ? treeElement(slots, 0, count, byteOffset + i) : 0);
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
