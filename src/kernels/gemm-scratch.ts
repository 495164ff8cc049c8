// Shapes → bytes of scratch memory that a kernel call may write, and the blocks of a product; pure, run by the planner.

/** The most terms that a product sums in registers before they go to C. */
const MOST_DEPTH = 512;

/**
 * The terms of a block of K: as few blocks as `MOST_DEPTH` allows, all of one depth but the last.
 * It is a multiple of 4, part of the mathematics, and the same number as in assembly/gemm.ts.
 */
export function gemmBlockDepth(k: number): number {
  const blocks = Math.max(1, Math.ceil(k / MOST_DEPTH));
  return Math.ceil(k / blocks / 4) * 4;
}

/**
 * Bytes of scratch that `gemm` may write for C (m, n), inner extent k: an upper bound for the packed panels.
 * 4-byte alignment is enough; contents are not kept between calls.
 */
export function gemmScratchBytes(m: number, _n: number, k: number): number {
  return 4 * gemmBlockDepth(k) * (m + 8 + 16) + 1024;
}

/** Bytes of scratch that `treeSum` may write for `count` slots. */
export function treeSumScratchBytes(count: number): number {
  return count < 3 ? 0 : (33 - Math.clz32(count)) * 4096;
}
