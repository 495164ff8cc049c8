// C = act([C +] op(A) op(B) [+ bias]) for row-major f32 matrices in shared memory; every worker thread runs it.
//
// Each element is summed in one order, whatever m, n and the place in C: K in blocks of one depth, inside a block one product after
// the other into an accumulator that begins at 0, the blocks one after the other. So row i does not depend on the number of rows.
// A and B are packed into panels a block at a time, op(A) by 4 rows, op(B) by 8 columns, zeros beyond the edges; a tile of 4 x 8
// elements stays in registers over a block. Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication".
import { loadTail, storeTail } from './lanes';
import { sigmoid4, tanh4 } from './vector-math';

/** The most terms of a block: a panel of B (8 x 512 floats, 16 KiB) and one of A (8 KiB) stay in a L1 of 32 KiB. */
const MOST_DEPTH: usize = 512;
/** Rows of A that are packed at once: 1 MiB at full depth, read from L2 and beyond while a panel of B stays in L1. */
const MOST_ROWS: usize = 512;
/** With so few rows, packing B costs more than reading it where it lies. */
const FEW_ROWS: usize = 8;
const TILE_ROWS: usize = 4, TILE_COLUMNS: usize = 8, TILE_ROW_BYTES: usize = 32;
/** A whole tile and a bias of 8 columns, for what does not fit at the edges of C. */
const SPARE_BYTES: usize = 160;

const RELU = 1, TANH = 2, SIGMOID = 3;

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** The first min(count, 4) floats at `from`, zeros above. */
// @ts-ignore: decorator
@inline
function loadPart(from: usize, count: isize): v128 {
  if (count >= 4) return v128.load(from);
  return count > 0 ? loadTail(from, count) : f32x4.splat(0);
}

/** Writes the first min(count, 4) lanes. */
// @ts-ignore: decorator
@inline
function storePart(to: usize, x: v128, count: isize): void {
  if (count >= 4) v128.store(to, x);
  else if (count > 0) storeTail(to, x, count);
}

/** Four lines of four floats at `from`, `lineBytes` apart, to four columns at `to`, `columnBytes` apart; lines from `count` on are zeros. */
// @ts-ignore: decorator
@inline
function transpose4(to: usize, columnBytes: usize, from: usize, lineBytes: usize, count: isize): void {
  const zero = f32x4.splat(0);
  const r0 = count > 0 ? v128.load(from) : zero;
  const r1 = count > 1 ? v128.load(from + lineBytes) : zero;
  const r2 = count > 2 ? v128.load(from + 2 * lineBytes) : zero;
  const r3 = count > 3 ? v128.load(from + 3 * lineBytes) : zero;
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
 * Packs `count` lines of `depth` floats that run along K, float k of line i at from + i·lineBytes + 4k, into a panel (depth, width)
 * whose lines from `count` on are zeros; width is 4 or 8.
 */
// @ts-ignore: decorator
@inline
function packAlong(to: usize, from: usize, lineBytes: usize, depth: usize, count: usize, width: usize): void {
  const panelBytes = width << 2;
  const isWhole = count == width;
  let k: usize = 0;
  for (; k + 4 <= depth; k += 4) {
    if (isWhole) {
      transpose4(to, panelBytes, from, lineBytes, 4);
      if (width == 8) transpose4(to + 16, panelBytes, from + 4 * lineBytes, lineBytes, 4);
    } else {
      transpose4(to, panelBytes, from, lineBytes, count);
      if (width == 8) transpose4(to + 16, panelBytes, from + 4 * lineBytes, lineBytes, <isize>count - 4);
    }
    to += panelBytes << 2;
    from += 16;
  }
  for (; k < depth; ++k) {
    for (let i: usize = 0; i < width; ++i) store<f32>(to + (i << 2), i < count ? load<f32>(from + i * lineBytes) : 0);
    to += panelBytes;
    from += 4;
  }
}

/** The same for lines that run across K: float k of line i at from + k·stepBytes + 4i. */
// @ts-ignore: decorator
@inline
function packAcross(to: usize, from: usize, stepBytes: usize, depth: usize, count: usize, width: usize): void {
  const panelBytes = width << 2;
  const end = to + depth * panelBytes;
  if (count == width) {
    for (; to < end; to += panelBytes) {
      v128.store(to, v128.load(from));
      if (width == 8) v128.store(to, v128.load(from, 16), 16);
      from += stepBytes;
    }
    return;
  }
  for (; to < end; to += panelBytes) {
    v128.store(to, loadPart(from, count));
    if (width == 8) v128.store(to, loadPart(from + 16, <isize>count - 4), 16);
    from += stepBytes;
  }
}

/** All panels of a block of op(A): m rows, `depth` columns from `a` on. */
function packA(to: usize, a: usize, rowBytes: usize, isTransposed: bool, m: usize, depth: usize): void {
  for (let i: usize = 0; i < m; i += TILE_ROWS) {
    const rows = min(TILE_ROWS, m - i);
    if (isTransposed) packAcross(to, a + (i << 2), rowBytes, depth, rows, 4);
    else packAlong(to, a + i * rowBytes, rowBytes, depth, rows, 4);
    to += depth << 4;
  }
}

/** One panel of a block of op(B): `columns` columns, `depth` rows from `b` on. */
function packB(to: usize, b: usize, rowBytes: usize, isTransposed: bool, columns: usize, depth: usize): void {
  if (isTransposed) packAlong(to, b, rowBytes, depth, columns, 8);
  else packAcross(to, b, rowBytes, depth, columns, 8);
}

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
 * The tile (4, 8) of one block at c, whole: [C +] the panel a (depth, 4) times b (depth, 8), b's rows `bStep` bytes apart; depth > 0.
 *
 * Written for V8's code, in which instructions count more than arithmetic: 27 a turn for 64 operations. Pointers are raised before
 * the loads (after them each costs two copies), the loop tests at its end, nothing is called and each row of C is loaded behind a
 * branch of its own (else registers are spilled, inside the loop). 43 GFLOP/s on one core of a Zen 4 with Node 20, where the
 * plain form gave 36. Larger tiles and unrolled ones spill there (21 to 29), 2 x 16 gives 41.
 */
export function tile(a: usize, b: usize, bStep: usize, depth: usize, c: usize, rowBytes: usize, hasBefore: bool): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  a -= 16;
  b -= bStep;
  const last = a + (depth << 4);
  do {
    a += 16;
    b += bStep;
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
  } while (a < last);
  storeRow(c, c00, c01, hasBefore);
  c += rowBytes;
  storeRow(c, c10, c11, hasBefore);
  c += rowBytes;
  storeRow(c, c20, c21, hasBefore);
  c += rowBytes;
  storeRow(c, c30, c31, hasBefore);
}

// @ts-ignore: decorator
@inline
function activate(x: v128, activation: i32): v128 {
  if (activation == RELU) return f32x4.pmax(x, f32x4.splat(0));
  if (activation == TANH) return tanh4(x);
  if (activation == SIGMOID) return sigmoid4(x);
  return x;
}

/** act(C + bias) of a whole tile, while it is in L1; bias 0 for none. */
function finishTile(c: usize, rowBytes: usize, bias: usize, activation: i32): void {
  for (let r: usize = 0; r < TILE_ROWS; ++r) {
    for (let j: usize = 0; j < TILE_ROW_BYTES; j += 16) {
      let x = v128.load(c + j);
      if (bias) x = f32x4.add(x, v128.load(bias + j));
      v128.store(c + j, activate(x, activation));
    }
    c += rowBytes;
  }
}

/** A tile at the edge of C is worked on in a whole tile at `spare`; only its valid part is read from C and goes there. */
function edgeTile(
  a: usize, b: usize, bStep: usize, depth: usize, c: usize, rowBytes: usize, hasBefore: bool,
  bias: usize, activation: i32, rows: usize, columns: usize, spare: usize,
): void {
  tile(a, b, bStep, depth, spare, TILE_ROW_BYTES, false);
  const rest = <isize>columns - 4;
  let to = c, from = spare;
  for (let r: usize = 0; hasBefore && r < rows; ++r) {
    v128.store(from, f32x4.add(loadPart(to, columns), v128.load(from)));
    v128.store(from, f32x4.add(loadPart(to + 16, rest), v128.load(from, 16)), 16);
    to += rowBytes;
    from += TILE_ROW_BYTES;
  }
  if (bias || activation) finishTile(spare, TILE_ROW_BYTES, bias, activation);
  for (let r: usize = 0; r < rows; ++r) {
    storePart(c, v128.load(spare), columns);
    storePart(c + 16, v128.load(spare, 16), rest);
    c += rowBytes;
    spare += TILE_ROW_BYTES;
  }
}

/** The tiles of a block under one panel of B; c is the panel's first column, bias its first cell or 0. */
function multiplyPanel(
  a: usize, b: usize, bStep: usize, depth: usize, c: usize, rowBytes: usize, hasBefore: bool,
  bias: usize, activation: i32, m: usize, columns: usize, spare: usize,
): void {
  if (bias && columns < TILE_COLUMNS) {
    const biasCopy = spare + 128;
    v128.store(biasCopy, loadPart(bias, columns));
    v128.store(biasCopy, loadPart(bias + 16, <isize>columns - 4), 16);
    bias = biasCopy;
  }
  for (let i: usize = 0; i < m; i += TILE_ROWS) {
    const rows = min(TILE_ROWS, m - i);
    if (rows == TILE_ROWS && columns == TILE_COLUMNS) {
      tile(a, b, bStep, depth, c, rowBytes, hasBefore);
      if (bias || activation) finishTile(c, rowBytes, bias, activation);
    } else {
      edgeTile(a, b, bStep, depth, c, rowBytes, hasBefore, bias, activation, rows, columns, spare);
    }
    a += depth << 4;
    c += TILE_ROWS * rowBytes;
  }
}

/** k = 0: nothing is added, the epilogue alone. */
function epilogueOnly(m: usize, n: usize, c: usize, rowBytes: usize, accumulate: bool, bias: usize, activation: i32): void {
  for (let i: usize = 0; i < m; ++i) {
    for (let j: usize = 0; j < n << 2; j += 4) {
      const at = c + i * rowBytes + j;
      let x = accumulate ? v128.load32_zero(at) : f32x4.splat(0);
      if (bias) x = f32x4.add(x, v128.load32_zero(bias + j));
      v128.store32_lane(at, activate(x, activation), 0);
    }
  }
}

/** The terms of a block of K: as few blocks as MOST_DEPTH allows, all of one depth but the last; as in ../gemm-scratch.ts. */
function blockDepth(k: usize): usize {
  const blocks = (k + MOST_DEPTH - 1) / MOST_DEPTH;
  return ((k + blocks - 1) / blocks + 3) & ~3;
}

/**
 * C (m, n) = act([C +] op(A) (m, k) op(B) (k, n) [+ bias (n)]); lda, ldb, ldc are the row lengths of A, B, C as they lie.
 * activation: 0 none, 1 ReLU, 2 tanh, 3 logistic. `scratch` as gemmScratchBytes says. C overlaps nothing else.
 */
export function gemm(
  transA: i32, transB: i32, m: usize, n: usize, k: usize,
  a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  accumulate: i32, bias: usize, activation: i32, scratch: usize,
): void {
  const rowBytes = ldc << 2;
  if (k == 0) return epilogueOnly(m, n, c, rowBytes, accumulate != 0, bias, activation);
  const depthMost = blockDepth(k);
  const spare = (scratch + 15) & ~15;
  const bPanel = spare + SPARE_BYTES;
  const aPanels = bPanel + depthMost * TILE_ROW_BYTES;
  for (let k0: usize = 0; k0 < k; k0 += depthMost) {
    const depth = min(depthMost, k - k0);
    const isLast = k0 + depth == k;
    const hasBefore = k0 > 0 || accumulate != 0;
    const biasHere = isLast ? bias : 0;
    const activationHere = isLast ? activation : 0;
    for (let i: usize = 0; i < m; i += MOST_ROWS) {
      const rows = min(MOST_ROWS, m - i);
      packA(aPanels, a + ((transA ? k0 * lda + i : i * lda + k0) << 2), lda << 2, transA != 0, rows, depth);
      for (let j: usize = 0; j < n; j += TILE_COLUMNS) {
        const columns = min(TILE_COLUMNS, n - j);
        const from = b + ((transB ? j * ldb + k0 : k0 * ldb + j) << 2);
        const isDirect = !transB && rows <= FEW_ROWS && columns == TILE_COLUMNS;
        if (!isDirect) packB(bPanel, from, ldb << 2, transB != 0, columns, depth);
        multiplyPanel(
          aPanels, isDirect ? from : bPanel, isDirect ? ldb << 2 : TILE_ROW_BYTES, depth, c + i * rowBytes + (j << 2), rowBytes,
          hasBefore, biasHere ? biasHere + (j << 2) : 0, activationHere, rows, columns, spare,
        );
      }
    }
  }
}
