// Many products of pairs of matrices in one call, each by gemm, or by a BLAS where it is large; every worker thread runs it.
import { product } from './product';

/**
 * C (rows, e0, …, m, n) = [C +] op(A) op(B), a matrix product for every row and every position of the extents e. meta: i32
 * extents e[rank], then A's and B's strides[rank] in elements; strides of 0, of rows too, share a matrix. The matrices themselves
 * are contiguous. `scratch` as gemmScratchBytes says. C overlaps nothing else.
 */
export function batchedGemm(
  transA: i32, transB: i32, m: usize, n: usize, k: usize, a: usize, aRowStride: usize, b: usize, bRowStride: usize, c: usize,
  rows: usize, rank: usize, meta: usize, accumulate: i32, scratch: usize,
): void {
  const lda = transA ? m : k, ldb = transB ? k : n;
  const aStrides = meta + (rank << 2), bStrides = aStrides + (rank << 2);
  let inner: usize = 1;
  for (let d: usize = 0; d < rank; ++d) inner *= load<usize>(meta + (d << 2));
  for (let r: usize = 0; r < rows; ++r) {
    for (let i: usize = 0; i < inner; ++i) {
      let aOffset = r * aRowStride, bOffset = r * bRowStride, rest = i;
      for (let d = rank; d > 0; --d) {
        const at = (d - 1) << 2;
        const extent = load<usize>(meta + at);
        const position = rest % extent;
        aOffset += position * load<usize>(aStrides + at);
        bOffset += position * load<usize>(bStrides + at);
        rest /= extent;
      }
      product(transA, transB, m, n, k, a + (aOffset << 2), lda, b + (bOffset << 2), ldb, c, n, accumulate, 0, scratch);
      c += (m * n) << 2;
    }
  }
}
