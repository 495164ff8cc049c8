// Windows of images (planes, H, W) → their maxima or means (planes, OH, OW), and the gradients; every worker thread runs them.
// meta: i32 H, W, OH, OW, then pairs (vertical, horizontal) kernel, stride, padding, then 1 where the mean counts padding.
//
// Windows of 2 x 2 that lie side by side go four at a time; the numbers are the same.
import { fillRow } from './image-rows';

// @ts-ignore: decorator
@inline function word(meta: usize, index: usize): usize { return load<usize>(meta + (index << 2)); }
// @ts-ignore: decorator
@inline function heightOf(meta: usize): usize { return word(meta, 0); }
// @ts-ignore: decorator
@inline function widthOf(meta: usize): usize { return word(meta, 1); }
// @ts-ignore: decorator
@inline function outHeightOf(meta: usize): usize { return word(meta, 2); }
// @ts-ignore: decorator
@inline function outWidthOf(meta: usize): usize { return word(meta, 3); }

/** Where the window of output `o` along an axis (0 vertical, 1 horizontal) begins, without its part in the padding. */
// @ts-ignore: decorator
@inline
function windowStart(o: usize, axis: usize, meta: usize): usize {
  const start = <isize>(o * word(meta, 6 + axis)) - <isize>word(meta, 8 + axis);
  return start > 0 ? <usize>start : 0;
}

/** Where it ends. */
// @ts-ignore: decorator
@inline
function windowEnd(o: usize, axis: usize, meta: usize): usize {
  const end = <isize>(o * word(meta, 6 + axis) + word(meta, 4 + axis)) - <isize>word(meta, 8 + axis);
  return <usize>min(end, <isize>word(meta, axis));
}

/** Whether windows are 2 x 2, side by side, without padding. */
function isTwoByTwo(meta: usize): bool {
  return word(meta, 4) == 2 && word(meta, 5) == 2 && word(meta, 6) == 2 && word(meta, 7) == 2 && (word(meta, 8) | word(meta, 9)) == 0;
}

/** The even ones of eight floats. */
// @ts-ignore: decorator
@inline function evens(from: usize): v128 { return v128.shuffle<f32>(v128.load(from), v128.load(from, 16), 0, 2, 4, 6); }
/** The odd ones of eight floats. */
// @ts-ignore: decorator
@inline function odds(from: usize): v128 { return v128.shuffle<f32>(v128.load(from), v128.load(from, 16), 1, 3, 5, 7); }

/** Writes even and odd floats in turn. */
// @ts-ignore: decorator
@inline
function storeInTurn(to: usize, even: v128, odd: v128): void {
  v128.store(to, v128.shuffle<f32>(even, odd, 0, 4, 1, 5));
  v128.store(to, v128.shuffle<f32>(even, odd, 2, 6, 3, 7), 16);
}

/** out = the maximum of each window; padding is never it, a NaN always is, and 0 is greater than -0. */
export function maxPool2d(out: usize, x: usize, planes: usize, meta: usize): void {
  const width = widthOf(meta), outWidth = outWidthOf(meta);
  const vectorWidth = isTwoByTwo(meta) ? outWidth & ~3 : 0;
  for (let p: usize = 0; p < planes; ++p) {
    for (let oy: usize = 0; oy < outHeightOf(meta); ++oy) {
      let from = x + ((2 * oy * width) << 2);
      for (let ox: usize = 0; ox < vectorWidth; ox += 4) {
        const upper = f32x4.max(evens(from), odds(from));
        const below = from + (width << 2);
        v128.store(out + (ox << 2), f32x4.max(upper, f32x4.max(evens(below), odds(below))));
        from += 32;
      }
      for (let ox = vectorWidth; ox < outWidth; ++ox) store<f32>(out + (ox << 2), maximumOf(x, oy, ox, meta));
      out += outWidth << 2;
    }
    x += (heightOf(meta) * width) << 2;
  }
}

function maximumOf(x: usize, oy: usize, ox: usize, meta: usize): f32 {
  const left = windowStart(ox, 1, meta), right = windowEnd(ox, 1, meta), bottom = windowEnd(oy, 0, meta);
  let top: f32 = -Infinity;
  for (let y = windowStart(oy, 0, meta); y < bottom; ++y) {
    const row = x + ((y * widthOf(meta)) << 2);
    for (let i = row + (left << 2); i < row + (right << 2); i += 4) top = max<f32>(top, load<f32>(i));
  }
  return top;
}

/** The address of a window's first maximum, row by row, 0 and -0 being equal; of its first NaN, if there is one. */
function findMaximum(x: usize, oy: usize, ox: usize, meta: usize): usize {
  const left = windowStart(ox, 1, meta), right = windowEnd(ox, 1, meta);
  const bottom = windowEnd(oy, 0, meta), rowBytes = widthOf(meta) << 2;
  let y = windowStart(oy, 0, meta);
  let row = x + y * rowBytes;
  let at = row + (left << 2);
  let top = load<f32>(at);
  for (; y < bottom; ++y) {
    for (let i = row + (left << 2); i < row + (right << 2); i += 4) {
      const value = load<f32>(i);
      if (value > top || (value != value && top == top)) {
        top = value;
        at = i;
      }
    }
    row += rowBytes;
  }
  return at;
}

/** dx = the sum of the dOut of those windows whose maximum an element of x is, in their order. */
export function maxPool2dBackward(dx: usize, dOut: usize, x: usize, planes: usize, meta: usize): void {
  const elements = heightOf(meta) * widthOf(meta), outWidth = outWidthOf(meta);
  const vectorWidth = isTwoByTwo(meta) ? outWidth & ~3 : 0;
  fillRow(dx, 0, planes * elements);
  for (let p: usize = 0; p < planes; ++p) {
    for (let oy: usize = 0; oy < outHeightOf(meta); ++oy) {
      if (vectorWidth) spreadMaxima(dx, dOut, x, oy, vectorWidth, widthOf(meta));
      for (let ox = vectorWidth; ox < outWidth; ++ox) {
        const to = dx + (findMaximum(x, oy, ox, meta) - x);
        store<f32>(to, load<f32>(to) + load<f32>(dOut + (ox << 2)));
      }
      dOut += outWidth << 2;
    }
    x += elements << 2;
    dx += elements << 2;
  }
}

/** Whether lanes of x are the maximum. */
// @ts-ignore: decorator
@inline
function isTop(x: v128, top: v128): v128 {
  return v128.or(f32x4.eq(x, top), f32x4.ne(x, x));
}

/** A row of windows 2 x 2, each with one element that gets its dOut. */
function spreadMaxima(dx: usize, dOut: usize, x: usize, oy: usize, outWidth: usize, width: usize): void {
  const rowBytes = width << 2;
  const start = (oy << 1) * rowBytes;
  for (let ox: usize = 0; ox < outWidth; ox += 4) {
    const upper = x + start + (ox << 3), to = dx + start + (ox << 3);
    const a = evens(upper), b = odds(upper), c = evens(upper + rowBytes), d = odds(upper + rowBytes);
    const top = f32x4.max(f32x4.max(a, b), f32x4.max(c, d));
    // What is left of dOut for the elements to come. Each gets 0 + dOut, as where windows overlap: -0 becomes 0.
    let rest = f32x4.add(v128.load(dOut + (ox << 2)), f32x4.splat(0));
    const isA = isTop(a, top), isB = isTop(b, top), isC = isTop(c, top);
    const da = v128.and(rest, isA);
    rest = v128.andnot(rest, isA);
    const db = v128.and(rest, isB);
    rest = v128.andnot(rest, isB);
    const dc = v128.and(rest, isC);
    storeInTurn(to, da, db);
    storeInTurn(to + rowBytes, dc, v128.andnot(rest, isC));
  }
}

/** The number that a window's sum is divided by; its part behind the padding's end never counts. */
function countOf(oy: usize, ox: usize, meta: usize): f32 {
  if (!word(meta, 10)) {
    const rows = windowEnd(oy, 0, meta) - windowStart(oy, 0, meta);
    return <f32>(rows * (windowEnd(ox, 1, meta) - windowStart(ox, 1, meta)));
  }
  return <f32>(word(meta, 4) * word(meta, 5));
}

/** out = the mean of each window, summed row by row. */
export function avgPool2d(out: usize, x: usize, planes: usize, meta: usize): void {
  const width = widthOf(meta), outWidth = outWidthOf(meta);
  const vectorWidth = isTwoByTwo(meta) ? outWidth & ~3 : 0;
  for (let p: usize = 0; p < planes; ++p) {
    for (let oy: usize = 0; oy < outHeightOf(meta); ++oy) {
      let from = x + ((2 * oy * width) << 2);
      for (let ox: usize = 0; ox < vectorWidth; ox += 4) {
        const below = from + (width << 2);
        const upper = f32x4.add(evens(from), odds(from));
        const sum = f32x4.add(f32x4.add(upper, evens(below)), odds(below));
        v128.store(out + (ox << 2), f32x4.div(sum, f32x4.splat(4)));
        from += 32;
      }
      for (let ox = vectorWidth; ox < outWidth; ++ox) {
        store<f32>(out + (ox << 2), sumWindow(x, oy, ox, meta) / countOf(oy, ox, meta));
      }
      out += outWidth << 2;
    }
    x += (heightOf(meta) * width) << 2;
  }
}

function sumWindow(x: usize, oy: usize, ox: usize, meta: usize): f32 {
  const left = windowStart(ox, 1, meta), right = windowEnd(ox, 1, meta), bottom = windowEnd(oy, 0, meta);
  let sum: f32 = 0;
  for (let y = windowStart(oy, 0, meta); y < bottom; ++y) {
    const row = x + ((y * widthOf(meta)) << 2);
    for (let i = row + (left << 2); i < row + (right << 2); i += 4) sum += load<f32>(i);
  }
  return sum;
}

/** dx = the sum of each window's share of its dOut, windows in their order. */
export function avgPool2dBackward(dx: usize, dOut: usize, planes: usize, meta: usize): void {
  const width = widthOf(meta), elements = heightOf(meta) * width;
  fillRow(dx, 0, planes * elements);
  for (let p: usize = 0; p < planes; ++p) {
    for (let oy: usize = 0; oy < outHeightOf(meta); ++oy) {
      for (let ox: usize = 0; ox < outWidthOf(meta); ++ox) {
        const share = load<f32>(dOut) / countOf(oy, ox, meta);
        const left = windowStart(ox, 1, meta), right = windowEnd(ox, 1, meta), bottom = windowEnd(oy, 0, meta);
        for (let y = windowStart(oy, 0, meta); y < bottom; ++y) {
          const row = dx + ((y * width) << 2);
          for (let i = row + (left << 2); i < row + (right << 2); i += 4) store<f32>(i, load<f32>(i) + share);
        }
        dOut += 4;
      }
    }
    dx += elements << 2;
  }
}
