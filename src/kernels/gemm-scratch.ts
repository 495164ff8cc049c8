// Shapes → bytes of scratch memory that a kernel call may write; pure, run by the planner.

/**
 * Bytes of scratch that `gemm` may write for C (m, n), inner extent k: an upper bound for the packed panels.
 * 4-byte alignment is enough; contents are not kept between calls.
 */
export function gemmScratchBytes(m: number, _n: number, k: number): number {
  const depth = Math.min(k, 256);
  return 4 * depth * (m + 4 + 8) + 1024;
}

/** Bytes of scratch that `treeSum` may write for `count` slots. */
export function treeSumScratchBytes(count: number): number {
  return count < 3 ? 0 : (33 - Math.clz32(count)) * 4096;
}
