// C = act([C +] op(A) op(B) [+ bias]) for row-major f32 matrices in shared memory; every worker thread runs it.
//
// Each element is summed in one order, whatever m, n and the place in C: K in blocks, inside a block one product after the
// other into an accumulator that begins at 0, the blocks one after the other. So row i does not depend on the number of rows.
// Both matrices are packed into panels a block at a time, op(A) by 4 rows, op(B) by 8 columns, zeros beyond the edges; a tile of
// 4 x 8 elements stays in registers over a block. That is Goto & van de Geijn 2008, "Anatomy of high-performance matrix
// multiplication", with one level of blocking less: our matrices' panels fit in L2.
import { sigmoid4, tanh4 } from './vector-math';

/** The most terms of a block: a panel of B (8 x 512 floats, 16 KiB) and one of A (8 KiB) stay in L1. */
const MOST_DEPTH: usize = 512;

const RELU = 1, TANH = 2, SIGMOID = 3;

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** Terms of a block of K; the same number as gemmBlockDepth gives, ../gemm-scratch.ts. */
// @ts-ignore: decorator
@inline
function blockDepth(k: usize): usize {
  const blocks = (k + MOST_DEPTH - 1) / MOST_DEPTH;
  return ((k + blocks - 1) / blocks + 3) & ~3;
}

/** Four rows of four floats at `from`, `rowBytes` apart, to four columns at `to`, `columnBytes` apart. */
// @ts-ignore: decorator
@inline
function transpose4(to: usize, columnBytes: usize, from: usize, rowBytes: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + rowBytes);
  const r2 = v128.load(from + 2 * rowBytes);
  const r3 = v128.load(from + 3 * rowBytes);
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(t0, t2, 0, 2));
  v128.store(to + columnBytes, v128.shuffle<f64>(t0, t2, 1, 3));
  v128.store(to + 2 * columnBytes, v128.shuffle<f64>(t1, t3, 0, 2));
  v128.store(to + 3 * columnBytes, v128.shuffle<f64>(t1, t3, 1, 3));
}

/**
 * Packs `width` (4 or 8) lines of `depth` floats so that the k-th floats of all lines lie side by side: panel (depth, width).
 * Lines run along K (`isAlong`: float k of line i at from + i·stride + 4k) or across it (at from + k·stride + 4i). Lines from
 * `count` on are zeros.
 */
// @ts-ignore: decorator
@inline
function packPanel(
  to: usize, from: usize, strideBytes: usize, depth: usize, count: usize, width: usize, isAlong: bool,
): void {
  const panelBytes = width << 2;
  if (!isAlong && count == width) {
    for (let k: usize = 0; k < depth; ++k) {
      v128.store(to, v128.load(from));
      if (width == 8) v128.store(to, v128.load(from, 16), 16);
      to += panelBytes;
      from += strideBytes;
    }
    return;
  }
  let k: usize = 0;
  if (isAlong && count == width) {
    for (; k + 4 <= depth; k += 4) {
      transpose4(to, panelBytes, from, strideBytes);
      if (width == 8) transpose4(to + 16, panelBytes, from + 4 * strideBytes, strideBytes);
      to += panelBytes << 2;
      from += 16;
    }
  }
  const lineBytes: usize = isAlong ? strideBytes : 4;
  const stepBytes: usize = isAlong ? 4 : strideBytes;
  for (; k < depth; ++k) {
    for (let i: usize = 0; i < width; ++i) {
      store<f32>(to + (i << 2), i < count ? load<f32>(from + i * lineBytes) : 0);
    }
    to += panelBytes;
    from += stepBytes;
  }
}

/** x + bias, then the activation. */
// @ts-ignore: decorator
@inline
function finish(x: v128, bias: v128, hasBias: bool, activation: i32): v128 {
  if (hasBias) x = f32x4.add(x, bias);
  if (activation == RELU) return f32x4.pmax(x, f32x4.splat(0));
  if (activation == TANH) return tanh4(x);
  if (activation == SIGMOID) return sigmoid4(x);
  return x;
}

/** The epilogue of a tile (4, 8) that was just stored. Apart from `tile`, whose loop ran 10 % slower with it inside. */
function finishTile(c: usize, rowBytes: usize, bias: usize, activation: i32): void {
  const low = bias ? v128.load(bias) : f32x4.splat(0);
  const high = bias ? v128.load(bias, 16) : f32x4.splat(0);
  for (let r: usize = 0; r < 4; ++r) {
    v128.store(c, finish(v128.load(c), low, bias != 0, activation));
    v128.store(c, finish(v128.load(c, 16), high, bias != 0, activation), 16);
    c += rowBytes;
  }
}

/** Adds a row of the tile to what C held or an earlier block gave. */
// @ts-ignore: decorator
@inline
function storeRow(c: usize, low: v128, high: v128, hasBefore: bool): void {
  if (hasBefore) {
    low = f32x4.add(v128.load(c), low);
    high = f32x4.add(v128.load(c, 16), high);
  }
  v128.store(c, low);
  v128.store(c, high, 16);
}

/**
 * The tile (4, 8) of one block at c, whole; a (depth, 4) and b (depth, 8) are panels. Measured on Node 20, GFLOP/s: 4x8 40.3,
 * two terms a turn 31; 5x8 41.9, but 32 and 64 rows are no multiples of 5; 3x12 40.4, 2x16 38.3, 8x4 34.5, 6x8 29.
 */
function tile(a: usize, b: usize, depth: usize, c: usize, rowBytes: usize, hasBefore: bool): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = a + (depth << 4);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    a += 16;
    b += 32;
  }
  storeRow(c, c00, c01, hasBefore);
  storeRow(c + rowBytes, c10, c11, hasBefore);
  storeRow(c + 2 * rowBytes, c20, c21, hasBefore);
  storeRow(c + 3 * rowBytes, c30, c31, hasBefore);
}

/** A tile at the edge of C: the valid part of C goes to a whole tile in scratch, is worked on there, and goes back. */
function edgeTile(
  a: usize, b: usize, depth: usize, c: usize, rowBytes: usize, hasBefore: bool, bias: usize, activation: i32,
  rows: usize, columns: usize, spare: usize,
): void {
  const columnBytes = columns << 2;
  const biasCopy = spare + 128;
  if (hasBefore) for (let r: usize = 0; r < rows; ++r) memory.copy(spare + (r << 5), c + r * rowBytes, columnBytes);
  tile(a, b, depth, spare, 32, hasBefore);
  if (bias) memory.copy(biasCopy, bias, columnBytes);
  if (bias || activation) finishTile(spare, 32, bias ? biasCopy : 0, activation);
  for (let r: usize = 0; r < rows; ++r) memory.copy(c + r * rowBytes, spare + (r << 5), columnBytes);
}

/** k = 0: nothing is added, the epilogue alone. */
function epilogueOnly(m: usize, n: usize, c: usize, rowBytes: usize, accumulate: bool, bias: usize, activation: i32): void {
  for (let i: usize = 0; i < m; ++i) {
    for (let j: usize = 0; j < n << 2; j += 4) {
      const at = c + i * rowBytes + j;
      const x = accumulate ? v128.load32_zero(at) : f32x4.splat(0);
      const y = bias ? v128.load32_zero(bias + j) : f32x4.splat(0);
      v128.store32_lane(at, finish(x, y, bias != 0, activation), 0);
    }
  }
}

/**
 * C (m, n) = act([C +] op(A) (m, k) op(B) (k, n) [+ bias (n)]); lda, ldb, ldc are the row lengths of A, B, C as they lie.
 * activation: 0 none, 1 ReLU, 2 tanh, 3 logistic. `scratch` as gemmScratchBytes says.
 */
export function gemm(
  transA: i32, transB: i32, m: usize, n: usize, k: usize,
  a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  accumulate: i32, bias: usize, activation: i32, scratch: usize,
): void {
  const rowBytes = ldc << 2;
  if (k == 0) {
    epilogueOnly(m, n, c, rowBytes, accumulate != 0, bias, activation);
    return;
  }
  const spare = (scratch + 15) & ~15;
  const aPanels = spare + 256;
  const depthMost = blockDepth(k);
  const bPanel = aPanels + (((m + 3) & ~3) * depthMost << 2);
  for (let k0: usize = 0; k0 < k; k0 += depthMost) {
    const depth = min(depthMost, k - k0);
    const isLast = k0 + depth == k;
    const hasBefore = k0 > 0 || accumulate != 0;
    const aBlock = a + ((transA ? k0 * lda : k0) << 2);
    for (let i: usize = 0; i < m; i += 4) {
      const to = aPanels + (i * depth << 2);
      if (transA) packPanel(to, aBlock + (i << 2), lda << 2, depth, min(4, m - i), 4, false);
      else packPanel(to, aBlock + (i * lda << 2), lda << 2, depth, min(4, m - i), 4, true);
    }
    const bBlock = b + ((transB ? k0 : k0 * ldb) << 2);
    for (let j: usize = 0; j < n; j += 8) {
      const columns = min(8, n - j);
      if (transB) packPanel(bPanel, bBlock + (j * ldb << 2), ldb << 2, depth, columns, 8, true);
      else packPanel(bPanel, bBlock + (j << 2), ldb << 2, depth, columns, 8, false);
      const biasHere = isLast && bias ? bias + (j << 2) : 0;
      const activationHere = isLast ? activation : 0;
      for (let i: usize = 0; i < m; i += 4) {
        const aPanel = aPanels + (i * depth << 2);
        const at = c + i * rowBytes + (j << 2);
        const rows = min(4, m - i);
        if (rows == 4 && columns == 8) {
          tile(aPanel, bPanel, depth, at, rowBytes, hasBefore);
          if (biasHere || activationHere) finishTile(at, rowBytes, biasHere, activationHere);
        } else edgeTile(aPanel, bPanel, depth, at, rowBytes, hasBefore, biasHere, activationHere, rows, columns, spare);
      }
    }
  }
}
