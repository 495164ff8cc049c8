// Many products of pairs of matrices, one after the other; any thread.
import { gemmKernels } from './gemm.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

/** The batched product over `views`. */
export function batchedGemmKernels(views: Views): Kernels<'batchedGemm'> {
  const { gemm } = gemmKernels(views);
  /** The offsets of all positions over the extents, row-major. */
  function offsetsOf(extents: Int32Array, strides: Int32Array): number[] {
    let offsets = [0];
    extents.forEach((extent, d) => {
      offsets = offsets.flatMap((offset) => Array.from({ length: extent }, (_, i) => offset + i * strides[d]));
    });
    return offsets;
  }
  function batchedGemm(...args: number[]): void {
    const [transA, transB, m, n, k, a, aRowStride, b, bRowStride, c, rows, rank, meta, accumulate, scratch] = args;
    const [extents, aStrides, bStrides] = [0, 1, 2].map((part) =>
      views.i32.subarray(meta / 4 + part * rank, meta / 4 + (part + 1) * rank),
    );
    const [aOffsets, bOffsets] = [offsetsOf(extents, aStrides), offsetsOf(extents, bStrides)];
    for (let r = 0; r < rows; r++) {
      aOffsets.forEach((aOffset, i) => {
        const [from, by] = [a + 4 * (r * aRowStride + aOffset), b + 4 * (r * bRowStride + bOffsets[i])];
        const to = c + 4 * m * n * (r * aOffsets.length + i);
        gemm(transA, transB, m, n, k, from, transA ? m : k, by, transB ? k : n, to, n, accumulate, 0, 0, scratch);
      });
    }
  }
  return { batchedGemm: withoutResult(batchedGemm) };
}
