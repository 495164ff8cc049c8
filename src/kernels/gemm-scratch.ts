// Shapes → bytes of scratch memory that a kernel call may write, and the blocks of a product; pure, run by the planner.

/** The most terms that a product sums in registers before they go to C, and the most rows of A that are packed at once. */
const MOST_DEPTH = 512;
const MOST_ROWS = 512;
/** A panel of B is 8 columns wide; a tile, a bias of 8 columns and the alignment of all that come before the panels. */
const PANEL_COLUMNS = 8;
const SPARE_BYTES = 160 + 16;

/**
 * The terms of a block of K: as few blocks as `MOST_DEPTH` allows, all of one depth but the last.
 * It is a multiple of 4, part of the mathematics, and the same number as in assembly/gemm.ts.
 */
export function gemmBlockDepth(k: number): number {
  const blocks = Math.max(1, Math.ceil(k / MOST_DEPTH));
  return Math.ceil(k / blocks / 4) * 4;
}

/**
 * Bytes of scratch that `gemm` may write for C (m, n), inner extent k: the packed panels.
 * 4-byte alignment is enough; contents are not kept between calls.
 */
export function gemmScratchBytes(m: number, _n: number, k: number): number {
  const packedRows = Math.ceil(Math.min(m, MOST_ROWS) / 4) * 4;
  return 4 * gemmBlockDepth(k) * (packedRows + PANEL_COLUMNS) + SPARE_BYTES;
}

/** Bytes of scratch that `treeSum` may write for `count` slots. */
export function treeSumScratchBytes(count: number): number {
  return count < 3 ? 0 : (33 - Math.clz32(count)) * 4096;
}
