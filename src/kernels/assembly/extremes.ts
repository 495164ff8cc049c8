// Larger and smaller numbers: of two arrays, along axes; comparisons and choices; with gradients; every worker thread runs it.
// An output may be an input of the same size. NaN in, NaN out, but for comparisons, which are 0 or 1.
import { loadTail, storeTail, zip } from './lanes';

class Maximum { @inline apply(a: v128, b: v128): v128 { return f32x4.max(a, b); } }
class Minimum { @inline apply(a: v128, b: v128): v128 { return f32x4.min(a, b); } }
class Less { @inline apply(a: v128, b: v128): v128 { return v128.and(f32x4.lt(a, b), f32x4.splat(1)); } }
class LessEqual { @inline apply(a: v128, b: v128): v128 { return v128.and(f32x4.le(a, b), f32x4.splat(1)); } }
class Equal { @inline apply(a: v128, b: v128): v128 { return v128.and(f32x4.eq(a, b), f32x4.splat(1)); } }
class NotEqual { @inline apply(a: v128, b: v128): v128 { return v128.and(f32x4.ne(a, b), f32x4.splat(1)); } }
/** dy where the condition holds (is not 0), else 0. */
class MaskTrue { @inline apply(c: v128, dy: v128): v128 { return v128.andnot(dy, f32x4.eq(c, f32x4.splat(0))); } }
class MaskFalse { @inline apply(c: v128, dy: v128): v128 { return v128.and(dy, f32x4.eq(c, f32x4.splat(0))); } }

/** dy where a > b or one is NaN, dy / 2 where they are equal, else 0. */
// @ts-ignore: decorator
@inline
function larger4(dy: v128, a: v128, b: v128): v128 {
  const shared = v128.bitselect(f32x4.mul(dy, f32x4.splat(0.5)), dy, f32x4.eq(a, b));
  return v128.andnot(shared, f32x4.lt(a, b));
}

// @ts-ignore: decorator
@inline
function where4(c: v128, a: v128, b: v128): v128 {
  return v128.bitselect(b, a, f32x4.eq(c, f32x4.splat(0)));
}

export function maximum(out: usize, a: usize, b: usize, n: usize): void { zip<Maximum>(out, a, b, n); }
export function minimum(out: usize, a: usize, b: usize, n: usize): void { zip<Minimum>(out, a, b, n); }
export function less(out: usize, a: usize, b: usize, n: usize): void { zip<Less>(out, a, b, n); }
export function lessEqual(out: usize, a: usize, b: usize, n: usize): void { zip<LessEqual>(out, a, b, n); }
export function equal(out: usize, a: usize, b: usize, n: usize): void { zip<Equal>(out, a, b, n); }
export function notEqual(out: usize, a: usize, b: usize, n: usize): void { zip<NotEqual>(out, a, b, n); }
export function maskTrue(out: usize, c: usize, dy: usize, n: usize): void { zip<MaskTrue>(out, c, dy, n); }
export function maskFalse(out: usize, c: usize, dy: usize, n: usize): void { zip<MaskFalse>(out, c, dy, n); }

/** The gradient of max(a, b) by a; with a and b swapped that by b, or that of min(a, b) by a. */
export function maximumBackward(dx: usize, dy: usize, a: usize, b: usize, n: usize): void {
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(dx + i, larger4(v128.load(dy + i), v128.load(a + i), v128.load(b + i)));
  const rest = n & 3;
  if (rest) storeTail(dx + i, larger4(loadTail(dy + i, rest), loadTail(a + i, rest), loadTail(b + i, rest)), rest);
}

/** out = a where c is not 0 (a NaN is not), else b. */
export function where(out: usize, c: usize, a: usize, b: usize, n: usize): void {
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, where4(v128.load(c + i), v128.load(a + i), v128.load(b + i)));
  const rest = n & 3;
  if (rest) storeTail(out + i, where4(loadTail(c + i, rest), loadTail(a + i, rest), loadTail(b + i, rest)), rest);
}

// Reductions: meta: i32 extents d[rank] of one sample of x, then i32 strides[rank] in out's elements, 0 along the reduced axes.

// @ts-ignore: decorator
@inline
function reducedOffset(index: usize, rank: usize, meta: usize, strides: usize): usize {
  let offset: usize = 0;
  for (let d = rank; d > 0; --d) {
    const extent = load<usize>(meta + ((d - 1) << 2));
    offset += (index % extent) * load<usize>(strides + ((d - 1) << 2));
    index /= extent;
  }
  return offset;
}

/** The largest (or smallest) of a run and `start`; the order does not matter: NaN wins, then 0 over -0 (or -0 over 0). */
function extremeOfRun(x: usize, n: usize, start: f32, isMin: bool): f32 {
  const vectorBytes = (n & ~3) << 2;
  let best = f32x4.splat(start);
  let i: usize = 0;
  if (isMin) for (; i < vectorBytes; i += 16) best = f32x4.min(best, v128.load(x + i));
  else for (; i < vectorBytes; i += 16) best = f32x4.max(best, v128.load(x + i));
  for (; i < n << 2; i += 4) {
    const lane = v128.load32_splat(x + i);
    best = isMin ? f32x4.min(best, lane) : f32x4.max(best, lane);
  }
  const half = v128.shuffle<i32>(best, best, 2, 3, 0, 1);
  best = isMin ? f32x4.min(best, half) : f32x4.max(best, half);
  const other = v128.shuffle<i32>(best, best, 1, 0, 3, 2);
  return f32x4.extract_lane(isMin ? f32x4.min(best, other) : f32x4.max(best, other), 0);
}

/** out (outElements) = the largest, or with isMin the smallest, of x (rows, d0, …) along the reduced axes; of none it is -∞ or ∞. */
export function extreme(
  out: usize, x: usize, isMin: i32, rows: usize, outRowStride: usize, rank: usize, meta: usize, outElements: usize,
): void {
  const none: f32 = isMin ? Infinity : -Infinity;
  for (let i: usize = 0; i < outElements; ++i) store<f32>(out + (i << 2), none);
  const strides = meta + (rank << 2);
  const inner: usize = rank ? load<usize>(meta + ((rank - 1) << 2)) : 1;
  const step: usize = rank ? load<usize>(strides + ((rank - 1) << 2)) : 1;
  let outer: usize = 1;
  for (let d: usize = 0; d + 1 < rank; ++d) outer *= load<usize>(meta + (d << 2));
  for (let r: usize = 0; r < rows; ++r) {
    for (let o: usize = 0; o < outer; ++o) {
      const to = out + ((r * outRowStride + reducedOffset(o, rank ? rank - 1 : 0, meta, strides)) << 2);
      if (step == 0) store<f32>(to, extremeOfRun(x, inner, load<f32>(to), isMin != 0));
      else if (isMin) zip<Minimum>(to, to, x, inner);
      else zip<Maximum>(to, to, x, inner);
      x += inner << 2;
    }
  }
}

/**
 * dx (rows, d0, …) = dy at the first element (in x's order) of those that gave y, 0 elsewhere; a NaN is found where y is NaN.
 * taken: scratch of a word for each element of one sample of y.
 */
export function extremeBackward(
  dx: usize, dy: usize, y: usize, x: usize, rows: usize, rowStride: usize, rank: usize, meta: usize, sampleElements: usize, taken: usize,
): void {
  const strides = meta + (rank << 2);
  let elements: usize = 1;
  for (let d: usize = 0; d < rank; ++d) elements *= load<usize>(meta + (d << 2));
  const inner: usize = rank ? load<usize>(meta + ((rank - 1) << 2)) : 1;
  const step: usize = (rank ? load<usize>(strides + ((rank - 1) << 2)) : 1) << 2;
  const outer = inner ? elements / inner : 0;
  for (let r: usize = 0; r < rows; ++r) {
    memory.fill(taken, 0, sampleElements << 2);
    const row = (r * rowStride) << 2;
    for (let o: usize = 0; o < outer; ++o) {
      let at = reducedOffset(o, rank ? rank - 1 : 0, meta, strides) << 2;
      for (let i: usize = 0; i < inner; ++i) {
        const value = load<f32>(x), best = load<f32>(y + row + at);
        const isFirst = (value == best || (value != value && best != best)) && load<u32>(taken + at) == 0;
        if (isFirst) store<u32>(taken + at, 1);
        store<f32>(dx, isFirst ? load<f32>(dy + row + at) : 0);
        at += step;
        x += 4;
        dx += 4;
      }
    }
  }
}
