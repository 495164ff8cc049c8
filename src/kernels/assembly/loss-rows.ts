// What the losses share: their sums, a row's largest score, its exponentials; every worker thread runs them. No kernels.
import { loadTail, storeTail } from './lanes';
import { exp4 } from './vector-math';

/** Assigns the three cells of a loss (numerator, denominator, correct), or adds to them. */
export function addSums(sums: usize, numerator: f64, denominator: f64, correct: f64, accumulate: i32): void {
  if (accumulate) {
    numerator += load<f64>(sums);
    denominator += load<f64>(sums, 8);
    correct += load<f64>(sums, 16);
  }
  store<f64>(sums, numerator);
  store<f64>(sums, denominator, 8);
  store<f64>(sums, correct, 16);
}

/** Assigns one cell, or adds to it. */
// @ts-ignore: decorator
@inline
export function addCell(cell: usize, value: f64, accumulate: i32): void {
  store<f64>(cell, accumulate ? value + load<f64>(cell) : value);
}

// @ts-ignore: decorator
@inline
export function rowMax(row: usize, classes: usize): f32 {
  const vectorBytes = (classes & ~3) << 2;
  let c: usize = 0;
  let tops = f32x4.splat(-Infinity);
  // pmax(tops, x) is tops unless tops < x: a NaN is passed over, as below.
  for (; c < vectorBytes; c += 16) tops = f32x4.pmax(tops, v128.load(row + c));
  tops = f32x4.pmax(tops, v128.shuffle<i32>(tops, tops, 2, 3, 0, 1));
  let top = f32x4.extract_lane(f32x4.pmax(tops, v128.shuffle<i32>(tops, tops, 1, 0, 3, 2)), 0);
  for (; c < classes << 2; c += 4) {
    const x = load<f32>(row + c);
    if (x > top) top = x;
  }
  return top;
}

/** Where the largest score of a row comes first; -1 where the row holds a NaN. */
export function firstOfLargest(row: usize, classes: usize): i32 {
  let at: i32 = -1;
  let top: f32 = 0;
  for (let c: usize = 0; c < classes; ++c) {
    const x = load<f32>(row + (c << 2));
    if (x != x) return -1;
    if (at < 0 || x > top) {
      at = <i32>c;
      top = x;
    }
  }
  return at;
}

/** e^(x - top) of a row, written to `out` where that is not 0; gives the sum: element c in lane c mod 4, then (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function exponentiateRow(out: usize, row: usize, classes: usize, top: f32): f32 {
  const vectorBytes = (classes & ~3) << 2;
  const rest = classes & 3;
  const tops = f32x4.splat(top);
  let lanes = f32x4.splat(0);
  let c: usize = 0;
  for (; c < vectorBytes; c += 16) {
    const e = exp4(f32x4.sub(v128.load(row + c), tops));
    lanes = f32x4.add(lanes, e);
    if (out) v128.store(out + c, e);
  }
  if (rest) {
    const e = exp4(f32x4.sub(loadTail(row + c, rest), tops));
    lanes = f32x4.add(lanes, v128.and(e, i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(<i32>rest))));
    if (out) storeTail(out + c, e, rest);
  }
  return f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 2) + (f32x4.extract_lane(lanes, 1) + f32x4.extract_lane(lanes, 3));
}
