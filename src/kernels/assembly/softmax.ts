// Softmax and its logarithm along one axis, and their gradients by the input; every worker thread runs them.
//
// Arrays are (outer, length, inner), the axis in the middle. Along the last axis (inner 1) a row is worked on in cache, four terms
// at once: element i is summed in lane i mod 4, then (0 + 2) + (1 + 3). Otherwise four columns are worked on at once, each summed in
// order. out may be an input. NaN in, NaN out: the maximum passes over a NaN, the sum does not.
import { loadTail, storeTail } from './lanes';
import { exp4, log1 } from './vector-math';

// @ts-ignore: decorator
@inline
function load4(from: usize, count: usize): v128 {
  return count >= 4 ? v128.load(from) : loadTail(from, count);
}

// @ts-ignore: decorator
@inline
function store4(to: usize, x: v128, count: usize): void {
  if (count >= 4) v128.store(to, x);
  else storeTail(to, x, count);
}

/** The lanes below `count`, zeros above. */
// @ts-ignore: decorator
@inline
function firstLanes(x: v128, count: usize): v128 {
  return v128.and(x, i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(<i32>count)));
}

// @ts-ignore: decorator
@inline
function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2) + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
}

/** ln of each lane, as `log1`: no lane is subnormal. */
// @ts-ignore: decorator
@inline
function logOf(x: v128): v128 {
  let y = f32x4.splat(<f32>log1(<f64>f32x4.extract_lane(x, 0)));
  y = f32x4.replace_lane(y, 1, <f32>log1(<f64>f32x4.extract_lane(x, 1)));
  y = f32x4.replace_lane(y, 2, <f32>log1(<f64>f32x4.extract_lane(x, 2)));
  return f32x4.replace_lane(y, 3, <f32>log1(<f64>f32x4.extract_lane(x, 3)));
}

function rowMax(row: usize, n: usize): f32 {
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  let tops = f32x4.splat(-Infinity);
  for (; i < vectorBytes; i += 16) tops = f32x4.pmax(tops, v128.load(row + i));
  tops = f32x4.pmax(tops, v128.shuffle<i32>(tops, tops, 2, 3, 0, 1));
  let top = f32x4.extract_lane(f32x4.pmax(tops, v128.shuffle<i32>(tops, tops, 1, 0, 3, 2)), 0);
  for (; i < n << 2; i += 4) {
    const x = load<f32>(row + i);
    if (x > top) top = x;
  }
  return top;
}

/** The sum of e^(x - top) over a row, each term written to out unless that is 0. */
// @ts-ignore: decorator
@inline
function rowPowers(out: usize, x: usize, top: v128, n: usize): f32 {
  const vectorBytes = (n & ~3) << 2;
  let lanes = f32x4.splat(0);
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    const e = exp4(f32x4.sub(v128.load(x + i), top));
    lanes = f32x4.add(lanes, e);
    if (out) v128.store(out + i, e);
  }
  const rest = n & 3;
  if (rest) {
    const e = exp4(f32x4.sub(loadTail(x + i, rest), top));
    lanes = f32x4.add(lanes, firstLanes(e, rest));
    if (out) storeTail(out + i, e, rest);
  }
  return sumLanes(lanes);
}

function softmaxRow(out: usize, x: usize, n: usize): void {
  const total = f32x4.splat(rowPowers(out, x, f32x4.splat(rowMax(x, n)), n));
  for (let i: usize = 0; i < n; i += 4) {
    const at = out + (i << 2);
    store4(at, f32x4.div(load4(at, n - i), total), n - i);
  }
}

function logSoftmaxRow(out: usize, x: usize, n: usize): void {
  const top = f32x4.splat(rowMax(x, n));
  const total = f32x4.splat(<f32>log1(<f64>rowPowers(0, x, top, n)));
  for (let i: usize = 0; i < n; i += 4) {
    store4(out + (i << 2), f32x4.sub(f32x4.sub(load4(x + (i << 2), n - i), top), total), n - i);
  }
}

/** The maximum of `count` columns over the axis; `step` bytes lie between its elements. */
// @ts-ignore: decorator
@inline
function columnMax(x: usize, end: usize, step: usize, count: usize): v128 {
  let top = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < end; i += step) top = f32x4.pmax(top, load4(x + i, count));
  return top;
}

function softmaxColumns(out: usize, x: usize, end: usize, step: usize, count: usize): void {
  const top = columnMax(x, end, step, count);
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < end; i += step) {
    const e = exp4(f32x4.sub(load4(x + i, count), top));
    total = f32x4.add(total, e);
    store4(out + i, e, count);
  }
  for (let i: usize = 0; i < end; i += step) store4(out + i, f32x4.div(load4(out + i, count), total), count);
}

function logSoftmaxColumns(out: usize, x: usize, end: usize, step: usize, count: usize): void {
  const top = columnMax(x, end, step, count);
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < end; i += step) total = f32x4.add(total, exp4(f32x4.sub(load4(x + i, count), top)));
  const log = logOf(total);
  for (let i: usize = 0; i < end; i += step) {
    store4(out + i, f32x4.sub(f32x4.sub(load4(x + i, count), top), log), count);
  }
}

/** y (dy - Σ dy y) over a row. */
function softmaxBackwardRow(dx: usize, dy: usize, y: usize, n: usize): void {
  let lanes = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    lanes = f32x4.add(lanes, f32x4.mul(load4(dy + (i << 2), n - i), load4(y + (i << 2), n - i)));
  }
  const total = f32x4.splat(sumLanes(lanes));
  for (let i: usize = 0; i < n; i += 4) {
    const inner = f32x4.sub(load4(dy + (i << 2), n - i), total);
    store4(dx + (i << 2), f32x4.mul(load4(y + (i << 2), n - i), inner), n - i);
  }
}

/** dy - e^y Σ dy over a row. */
function logSoftmaxBackwardRow(dx: usize, dy: usize, y: usize, n: usize): void {
  let lanes = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4) lanes = f32x4.add(lanes, load4(dy + (i << 2), n - i));
  const total = f32x4.splat(sumLanes(lanes));
  for (let i: usize = 0; i < n; i += 4) {
    const share = f32x4.mul(exp4(load4(y + (i << 2), n - i)), total);
    store4(dx + (i << 2), f32x4.sub(load4(dy + (i << 2), n - i), share), n - i);
  }
}

function softmaxBackwardColumns(dx: usize, dy: usize, y: usize, end: usize, step: usize, count: usize): void {
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < end; i += step) {
    total = f32x4.add(total, f32x4.mul(load4(dy + i, count), load4(y + i, count)));
  }
  for (let i: usize = 0; i < end; i += step) {
    store4(dx + i, f32x4.mul(load4(y + i, count), f32x4.sub(load4(dy + i, count), total)), count);
  }
}

function logSoftmaxBackwardColumns(dx: usize, dy: usize, y: usize, end: usize, step: usize, count: usize): void {
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < end; i += step) total = f32x4.add(total, load4(dy + i, count));
  for (let i: usize = 0; i < end; i += step) {
    store4(dx + i, f32x4.sub(load4(dy + i, count), f32x4.mul(exp4(load4(y + i, count)), total)), count);
  }
}

/** out = e^x / Σ e^x along the axis. */
export function softmax(out: usize, x: usize, outer: usize, length: usize, inner: usize): void {
  const blockBytes = (length * inner) << 2;
  for (let o: usize = 0; o < outer; ++o) {
    const at = o * blockBytes;
    if (inner == 1) softmaxRow(out + at, x + at, length);
    else for (let j: usize = 0; j < inner; j += 4) {
      softmaxColumns(out + at + (j << 2), x + at + (j << 2), blockBytes, inner << 2, inner - j);
    }
  }
}

/** out = x - ln Σ e^x along the axis. */
export function logSoftmax(out: usize, x: usize, outer: usize, length: usize, inner: usize): void {
  const blockBytes = (length * inner) << 2;
  for (let o: usize = 0; o < outer; ++o) {
    const at = o * blockBytes;
    if (inner == 1) logSoftmaxRow(out + at, x + at, length);
    else for (let j: usize = 0; j < inner; j += 4) {
      logSoftmaxColumns(out + at + (j << 2), x + at + (j << 2), blockBytes, inner << 2, inner - j);
    }
  }
}

/** dx = y (dy - Σ dy y) along the axis, y the softmax. */
export function softmaxBackward(dx: usize, dy: usize, y: usize, outer: usize, length: usize, inner: usize): void {
  const blockBytes = (length * inner) << 2;
  for (let o: usize = 0; o < outer; ++o) {
    const at = o * blockBytes;
    if (inner == 1) softmaxBackwardRow(dx + at, dy + at, y + at, length);
    else for (let j: usize = 0; j < inner; j += 4) {
      const column = at + (j << 2);
      softmaxBackwardColumns(dx + column, dy + column, y + column, blockBytes, inner << 2, inner - j);
    }
  }
}

/** dx = dy - e^y Σ dy along the axis, y the logarithm of the softmax. */
export function logSoftmaxBackward(dx: usize, dy: usize, y: usize, outer: usize, length: usize, inner: usize): void {
  const blockBytes = (length * inner) << 2;
  for (let o: usize = 0; o < outer; ++o) {
    const at = o * blockBytes;
    if (inner == 1) logSoftmaxBackwardRow(dx + at, dy + at, y + at, length);
    else for (let j: usize = 0; j < inner; j += 4) {
      const column = at + (j << 2);
      logSoftmaxBackwardColumns(dx + column, dy + column, y + column, blockBytes, inner << 2, inner - j);
    }
  }
}
