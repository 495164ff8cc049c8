// The matrix products inside attention, on tiles of 4 × 8 sums in registers, and the packing they need; every worker thread runs them.
//
// Scores and their gradients lie with a key a row and 8 queries side by side in it, so that a row's softmax is one lane of a column.
// Loops are written as gemm's `tile`, for V8's code; sums are plain multiply and add in both builds, in order.
import { loadTail, storeTail } from './lanes';

/** Queries whose scores of all keys are in scratch at a time in the backward pass, as in ../attention-scratch.ts. */
export const BLOCK_QUERIES: usize = 32;
const BLOCK_BYTES: usize = BLOCK_QUERIES << 2;

/** A whole number of tiles, which are 8 floats wide; in bytes. */
// @ts-ignore: decorator
@inline
export function paddedBytes(n: usize): usize {
  return ((n + 7) & ~7) << 2;
}

/** `width` floats, four at a time, as a call of memory.copy costs more than a head's row. */
// @ts-ignore: decorator
@inline
export function copyRow(to: usize, from: usize, width: usize): void {
  const vectorBytes = (width & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(to + i, v128.load(from + i));
  const rest = width & 3;
  if (rest) storeTail(to + i, loadTail(from + i, rest), rest);
}

/** to (n up to a multiple of 4, padded width) = the strided rows at `from`, zeros behind each and in the rows that there are not. */
export function packRows(to: usize, from: usize, strideBytes: usize, n: usize, width: usize): void {
  const rowBytes = paddedBytes(width);
  const end = to + ((n + 3) & ~3) * rowBytes;
  for (let r: usize = 0; r < n; ++r) {
    copyRow(to, from, width);
    for (let i = width << 2; i < rowBytes; i += 4) store<f32>(to + i, 0);
    to += rowBytes;
    from += strideBytes;
  }
  for (; to < end; to += 16) v128.store(to, f32x4.splat(0));
}

/** Four columns of x, y, z, w as rows, `rowBytes` apart. */
// @ts-ignore: decorator
@inline
function storeTransposed(to: usize, rowBytes: usize, x: v128, y: v128, z: v128, w: v128): void {
  const xyLow = v128.shuffle<i32>(x, y, 0, 4, 1, 5), xyHigh = v128.shuffle<i32>(x, y, 2, 6, 3, 7);
  const zwLow = v128.shuffle<i32>(z, w, 0, 4, 1, 5), zwHigh = v128.shuffle<i32>(z, w, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i32>(xyLow, zwLow, 0, 1, 4, 5));
  v128.store(to + rowBytes, v128.shuffle<i32>(xyLow, zwLow, 2, 3, 6, 7));
  v128.store(to + (rowBytes << 1), v128.shuffle<i32>(xyHigh, zwHigh, 0, 1, 4, 5));
  v128.store(to + rowBytes * 3, v128.shuffle<i32>(xyHigh, zwHigh, 2, 3, 6, 7));
}

/** to (width, 4), its rows `rowBytes` apart = the transpose of the 4 strided rows at `from`; from `count` (1 to 3) on the last one again. */
function packFour(to: usize, rowBytes: usize, from: usize, strideBytes: usize, count: usize, width: usize): void {
  const wholeBytes = (width & ~3) << 2, last = count - 1;
  const x = from, y = x + min<usize>(1, last) * strideBytes, z = x + min<usize>(2, last) * strideBytes, w = x + min<usize>(3, last) * strideBytes;
  let c: usize = 0;
  for (; c < wholeBytes; c += 16) {
    storeTransposed(to, rowBytes, v128.load(x + c), v128.load(y + c), v128.load(z + c), v128.load(w + c));
    to += rowBytes << 2;
  }
  for (; c < width << 2; c += 4) {
    store<f32>(to, load<f32>(x + c));
    store<f32>(to, load<f32>(y + c), 4);
    store<f32>(to, load<f32>(z + c), 8);
    store<f32>(to, load<f32>(w + c), 12);
    to += rowBytes;
  }
}

/** to = panels (width, 4) of n strided rows at `from`, transposed four by four; the last one again where fewer are left. */
export function packPanels(to: usize, from: usize, strideBytes: usize, n: usize, width: usize): void {
  for (let r: usize = 0; r < n; r += 4) {
    packFour(to, 16, from + r * strideBytes, strideBytes, n - r, width);
    to += width << 4;
  }
}

/** A panel (width, 8) of `count` strided rows, 1 to 8; the last one again where there are fewer. */
export function packEight(to: usize, from: usize, strideBytes: usize, count: usize, width: usize): void {
  packFour(to, 32, from, strideBytes, count, width);
  const next = min<usize>(4, count - 1);
  packFour(to + 16, 32, from + next * strideBytes, strideBytes, count - next, width);
}

/**
 * c[r][0..7] = the sum over k of a[k][r] b[k][0..7], r < 4; rows of a, b, c are so many bytes apart; depth > 0.
 * With `isCausal` row r has r terms more: those behind the depth that all four have.
 */
// @ts-ignore: decorator
@inline
export function gatherTile(
  a: usize, aBytes: usize, b: usize, bBytes: usize, depth: usize, c: usize, cBytes: usize, isCausal: bool,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  a -= aBytes;
  b -= bBytes;
  const last = b + depth * bBytes;
  do {
    a += aBytes;
    b += bBytes;
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
  } while (b < last);
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += cBytes;
  if (isCausal) {
    a += aBytes;
    b += bBytes;
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let factor = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(factor, b0));
    c11 = f32x4.add(c11, f32x4.mul(factor, b1));
    factor = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(factor, b0));
    c21 = f32x4.add(c21, f32x4.mul(factor, b1));
    factor = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(factor, b0));
    c31 = f32x4.add(c31, f32x4.mul(factor, b1));
  }
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += cBytes;
  if (isCausal) {
    a += aBytes;
    b += bBytes;
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let factor = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(factor, b0));
    c21 = f32x4.add(c21, f32x4.mul(factor, b1));
    factor = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(factor, b0));
    c31 = f32x4.add(c31, f32x4.mul(factor, b1));
  }
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += cBytes;
  if (isCausal) {
    const factor = v128.load32_splat(a + aBytes, 12);
    b += bBytes;
    c30 = f32x4.add(c30, f32x4.mul(factor, v128.load(b)));
    c31 = f32x4.add(c31, f32x4.mul(factor, v128.load(b, 16)));
  }
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

// @ts-ignore: decorator
@inline
function loadIf(address: usize, isLoaded: bool): v128 {
  return isLoaded ? v128.load(address) : f32x4.splat(0);
}

/**
 * c[r][0..7] = [c +] the sum over i of a[r][i] b[i][0..7], r < 4; rows of a are BLOCK_BYTES apart, those of b and c `bytes`.
 * With `isCausal` row r begins at i = r.
 */
export function scatterTile(a: usize, b: usize, depth: usize, c: usize, bytes: usize, hasBefore: bool, isCausal: bool): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const last = a + (depth << 2) - 4;
  if (hasBefore) {
    c00 = v128.load(c);
    c01 = v128.load(c, 16);
    c10 = v128.load(c + bytes);
    c11 = v128.load(c + bytes, 16);
    c20 = v128.load(c + 2 * bytes);
    c21 = v128.load(c + 2 * bytes, 16);
    c30 = v128.load(c + 3 * bytes);
    c31 = v128.load(c + 3 * bytes, 16);
  }
  if (isCausal) {
    let b0 = v128.load(b), b1 = v128.load(b, 16);
    let factor = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(factor, b0));
    c01 = f32x4.add(c01, f32x4.mul(factor, b1));
    b += bytes;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    factor = v128.load32_splat(a, 4);
    c00 = f32x4.add(c00, f32x4.mul(factor, b0));
    c01 = f32x4.add(c01, f32x4.mul(factor, b1));
    factor = v128.load32_splat(a, 4 + BLOCK_BYTES);
    c10 = f32x4.add(c10, f32x4.mul(factor, b0));
    c11 = f32x4.add(c11, f32x4.mul(factor, b1));
    b += bytes;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    factor = v128.load32_splat(a, 8);
    c00 = f32x4.add(c00, f32x4.mul(factor, b0));
    c01 = f32x4.add(c01, f32x4.mul(factor, b1));
    factor = v128.load32_splat(a, 8 + BLOCK_BYTES);
    c10 = f32x4.add(c10, f32x4.mul(factor, b0));
    c11 = f32x4.add(c11, f32x4.mul(factor, b1));
    factor = v128.load32_splat(a, 8 + 2 * BLOCK_BYTES);
    c20 = f32x4.add(c20, f32x4.mul(factor, b0));
    c21 = f32x4.add(c21, f32x4.mul(factor, b1));
    a += 12;
    b += bytes;
  }
  a -= 4;
  b -= bytes;
  if (a < last) do {
    a += 4;
    b += bytes;
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(a, BLOCK_BYTES);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(a, 2 * BLOCK_BYTES);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(a, 3 * BLOCK_BYTES);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
  } while (a < last);
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += bytes;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += bytes;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += bytes;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}
