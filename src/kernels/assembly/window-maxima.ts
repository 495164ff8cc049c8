// Four sums of a window of 2 x 2 positions → their maximum behind ReLU and its index byte; every worker thread runs it.
import { transpose } from './image-layouts';

/** The largest of four; a NaN wherever there is one. */
// @ts-ignore: decorator
@inline
function topOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const top = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  // pmax is one instruction where max has seven, but it keeps only some NaNs.
  const isNaN = v128.or(v128.or(f32x4.ne(a, a), f32x4.ne(b, b)), v128.or(f32x4.ne(c, c), f32x4.ne(d, d)));
  return v128.or(top, isNaN);
}

/** Which of four is the first that is `top`, -1 where ReLU lets nothing through. */
// @ts-ignore: decorator
@inline
function indexOf(a: v128, b: v128, c: v128, top: v128): v128 {
  const notA = f32x4.ne(a, top);
  const notB = v128.and(notA, f32x4.ne(b, top));
  const notC = v128.and(notB, f32x4.ne(c, top));
  const index = i32x4.neg(i32x4.add(notA, i32x4.add(notB, notC)));
  return v128.or(index, v128.not(f32x4.gt(top, f32x4.splat(0))));
}

/** The maxima of four channels' windows (a b / c d), 0 where ReLU lets nothing through, and their four index bytes. */
// @ts-ignore: decorator
@inline
export function storeMaxima(values: usize, indices: usize, a: v128, b: v128, c: v128, d: v128): void {
  const top = topOf(a, b, c, d);
  v128.store(values, f32x4.pmax(top, f32x4.splat(0)));
  const index = indexOf(a, b, c, top);
  const halves = i16x8.narrow_i32x4_s(index, index);
  v128.store32_lane(indices, i8x16.narrow_i16x8_s(halves, halves), 0);
}

/** One row of windows: `count` channels of values (windows, 8) and indices (windows, 8) to their planes. */
export function storeRow(
  out: usize, index: usize, values: usize, indices: usize, count: usize, windows: usize, planeFloats: usize,
): void {
  transpose(out, planeFloats << 2, values, 32, windows, count);
  for (let j: usize = 0; j < count; ++j) {
    for (let i: usize = 0; i < windows; ++i) store<u8>(index + i, load<u8>(indices + (i << 3) + j));
    index += planeFloats;
  }
}
