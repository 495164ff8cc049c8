// Scores of 8 queries and every key they see → probabilities, and the gradient in front of them; every worker thread runs them.
//
// A key a row, 8 queries side by side in it, rows `rowBytes` apart; the number of rows is a multiple of 4. All of it goes down the
// columns: no lane is folded and there are no tails. What a query does not see becomes 0.
// A column's sums: term j in sum j mod 4, then (0 + 2) + (1 + 3).
import { expPair } from './vector-math';

class Plain {
  @inline before(x: v128, y: v128): v128 { return x; }
  @inline after(x: v128, y: v128, e: v128): v128 { return e; }
}

/** Lanes 0..count-1 set, the others clear; any count. */
// @ts-ignore: decorator
@inline
function lanesBelow(count: isize): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(<i32>count));
}

/**
 * x = 0, or with `isFirst` the score of the first key, which all see, where a query does not see the key: of 8 queries from token i on
 * those before the key with `isCausal`, else the rows behind the last token.
 */
export function hide(x: usize, rowBytes: usize, rows: usize, i: usize, tokens: usize, isCausal: bool, isFirst: bool): void {
  const zero = f32x4.splat(0);
  const low = isFirst ? v128.load(x) : zero, high = isFirst ? v128.load(x, 16) : zero;
  for (let j = isCausal ? i + 1 : tokens; j < rows; ++j) {
    const row = x + j * rowBytes;
    const before: isize = isCausal ? j - i : 8;
    v128.store(row, v128.bitselect(low, v128.load(row), lanesBelow(before)));
    v128.store(row, v128.bitselect(high, v128.load(row, 16), lanesBelow(before - 4)), 16);
  }
}

/** x = 0 in the columns from `count` on. */
export function clearColumns(x: usize, rowBytes: usize, rows: usize, count: usize): void {
  const low = lanesBelow(count), high = lanesBelow(<isize>count - 4);
  for (let r: usize = 0; r < rows; ++r) {
    v128.store(x, v128.and(v128.load(x), low));
    v128.store(x, v128.and(v128.load(x, 16), high), 16);
    x += rowBytes;
  }
}

/**
 * x = e^((x - its column's largest) scale), 0 where a query does not see the key; the columns' sums to `sums` (8). A NaN is passed
 * over by the largest, not by the rest.
 */
export function exponentials(
  x: usize, rowBytes: usize, rows: usize, i: usize, tokens: usize, isCausal: bool, scale: f32, sums: usize,
): void {
  const op = changetype<Plain>(0);
  const end = x + rows * rowBytes;
  // Not -Infinity: its exponential is a subnormal product, which takes three times as long.
  hide(x, rowBytes, rows, i, tokens, isCausal, true);
  let low = f32x4.splat(-Infinity), high = low;
  for (let at = x; at < end; at += rowBytes) {
    low = f32x4.pmax(low, v128.load(at));
    high = f32x4.pmax(high, v128.load(at, 16));
  }
  const factor = f32x4.splat(scale);
  for (let at = x; at < end; at += rowBytes) {
    const x0 = f32x4.mul(f32x4.sub(v128.load(at), low), factor);
    const x1 = f32x4.mul(f32x4.sub(v128.load(at, 16), high), factor);
    expPair<Plain>(op, at, x0, x0, x1, x1);
  }
  hide(x, rowBytes, rows, i, tokens, isCausal, false);
  for (let half: usize = 0; half < 32; half += 16) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let at = x + half; at < end; at += rowBytes << 2) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at + rowBytes));
      s2 = f32x4.add(s2, v128.load(at + 2 * rowBytes));
      s3 = f32x4.add(s3, v128.load(at + 3 * rowBytes));
    }
    v128.store(sums + half, f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3)));
  }
}

// @ts-ignore: decorator
@inline
function weigh(p: usize, d: usize, sum: v128): v128 {
  const share = f32x4.div(v128.load(p), sum);
  v128.store(p, share);
  return f32x4.mul(share, v128.load(d));
}

/** p /= its column's sum; then d = p (d - the column's sum of p d), the gradient in front of the softmax p. */
export function softmaxBackward(d: usize, p: usize, rowBytes: usize, rows: usize, sums: usize): void {
  const bytes = rows * rowBytes, fourBytes = rowBytes << 2;
  for (let half: usize = 0; half < 32; half += 16) {
    const sum = v128.load(sums + half);
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let x = p + half, y = d + half;
    const end = x + bytes;
    for (; x < end; x += fourBytes) {
      s0 = f32x4.add(s0, weigh(x, y, sum));
      s1 = f32x4.add(s1, weigh(x + rowBytes, y + rowBytes, sum));
      s2 = f32x4.add(s2, weigh(x + 2 * rowBytes, y + 2 * rowBytes, sum));
      s3 = f32x4.add(s3, weigh(x + 3 * rowBytes, y + 3 * rowBytes, sum));
      y += fourBytes;
    }
    const total = f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3));
    x = p + half;
    y = d + half;
    for (; x < end; x += rowBytes) {
      v128.store(y, f32x4.mul(v128.load(x), f32x4.sub(v128.load(y), total)));
      y += rowBytes;
    }
  }
}
