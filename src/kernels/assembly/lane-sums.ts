// Sums over the elements of a row in one fixed order, four lanes at a time: what the normalisations share; every worker thread runs them.
//
// The order, f32 throughout: term i is added to lane i mod 8; then lane k + lane (k + 4); then (0 + 2) + (1 + 3).
import { loadTail } from './lanes';

/** Lanes 0..count-1 set, the others clear. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: usize): v128 {
  return i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(<i32>count));
}

/** The lanes' sum: (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function foldLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2) + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
}

/** The sum of x (n). */
export function sumOf(x: usize, n: usize): f32 {
  const pairBytes = (n & ~7) << 2;
  let even = f32x4.splat(0), odd = even;
  let i: usize = 0;
  for (; i < pairBytes; i += 32) {
    even = f32x4.add(even, v128.load(x + i));
    odd = f32x4.add(odd, v128.load(x + i, 16));
  }
  const rest = n & 3;
  if (n & 4) {
    even = f32x4.add(even, v128.load(x + i));
    if (rest) odd = f32x4.add(odd, loadTail(x + i + 16, rest));
  } else if (rest) even = f32x4.add(even, loadTail(x + i, rest));
  return foldLanes(f32x4.add(even, odd));
}

// @ts-ignore: decorator
@inline
function squaredDistance(x: v128, from: v128): v128 {
  const d = f32x4.sub(x, from);
  return f32x4.mul(d, d);
}

/** The sum of (x - from)². */
export function squaredDistances(x: usize, from: f32, n: usize): f32 {
  const pairBytes = (n & ~7) << 2;
  const centre = f32x4.splat(from);
  let even = f32x4.splat(0), odd = even;
  let i: usize = 0;
  for (; i < pairBytes; i += 32) {
    even = f32x4.add(even, squaredDistance(v128.load(x + i), centre));
    odd = f32x4.add(odd, squaredDistance(v128.load(x + i, 16), centre));
  }
  const rest = n & 3;
  const mask = firstLanes(rest);
  if (n & 4) {
    even = f32x4.add(even, squaredDistance(v128.load(x + i), centre));
    if (rest) odd = f32x4.add(odd, v128.and(squaredDistance(loadTail(x + i + 16, rest), centre), mask));
  } else if (rest) even = f32x4.add(even, v128.and(squaredDistance(loadTail(x + i, rest), centre), mask));
  return foldLanes(f32x4.add(even, odd));
}

/** Lane 0: the sum of g; lane 1: the sum of g x̂, x̂ = (x - mean) rstd. g = dy, times weight where that is not 0. */
export function gradientSums(dy: usize, x: usize, weight: usize, mean: f32, rstd: f32, n: usize): v128 {
  const pairBytes = (n & ~7) << 2;
  const centre = f32x4.splat(mean), scale = f32x4.splat(rstd);
  let even = f32x4.splat(0), odd = even, evenProducts = even, oddProducts = even;
  let i: usize = 0;
  for (; i < pairBytes; i += 32) {
    let g = v128.load(dy + i);
    if (weight) g = f32x4.mul(g, v128.load(weight + i));
    even = f32x4.add(even, g);
    evenProducts = f32x4.add(evenProducts, f32x4.mul(g, f32x4.mul(f32x4.sub(v128.load(x + i), centre), scale)));
    g = v128.load(dy + i, 16);
    if (weight) g = f32x4.mul(g, v128.load(weight + i, 16));
    odd = f32x4.add(odd, g);
    oddProducts = f32x4.add(oddProducts, f32x4.mul(g, f32x4.mul(f32x4.sub(v128.load(x + i, 16), centre), scale)));
  }
  const rest = n & 3;
  if (n & 4) {
    let g = v128.load(dy + i);
    if (weight) g = f32x4.mul(g, v128.load(weight + i));
    even = f32x4.add(even, g);
    evenProducts = f32x4.add(evenProducts, f32x4.mul(g, f32x4.mul(f32x4.sub(v128.load(x + i), centre), scale)));
    i += 16;
  }
  if (rest) {
    let g = loadTail(dy + i, rest);
    if (weight) g = f32x4.mul(g, loadTail(weight + i, rest));
    const product = f32x4.mul(g, f32x4.mul(f32x4.sub(loadTail(x + i, rest), centre), scale));
    // Lanes beyond the end hold 0 times a number that may be infinite.
    const kept = v128.and(product, firstLanes(rest));
    if (n & 4) {
      odd = f32x4.add(odd, g);
      oddProducts = f32x4.add(oddProducts, kept);
    } else {
      even = f32x4.add(even, g);
      evenProducts = f32x4.add(evenProducts, kept);
    }
  }
  const sum = foldLanes(f32x4.add(even, odd));
  return f32x4.replace_lane(f32x4.splat(sum), 1, foldLanes(f32x4.add(evenProducts, oddProducts)));
}
