// A loaded BLAS and the WebAssembly kernels → `gemm` and `batchedGemm` that take each product to the faster one. Any thread.
import type { LoadedBlas } from './blas-library.ts';
import { isForBlas } from './blas-rule.ts';
import type { Kernel, KernelName } from './kernel-set.ts';

/** Of cblas.h. */
const ROW_MAJOR = 101;
const AS_IT_LIES = 111;
const TRANSPOSED = 112;

/**
 * The kernels that BLAS takes part in, over `memory`; arguments as in assembly/gemm.ts and assembly/batched-gemm.ts.
 * BLAS sums in an order of its own that depends on the shape: the same bits for the same shape only.
 */
export function blasKernels(
  blas: LoadedBlas,
  memory: WebAssembly.Memory,
  wasm: Readonly<Record<KernelName, Kernel>>,
): Record<'gemm' | 'batchedGemm', Kernel> {
  const { sgemm, kind } = blas;
  const base = blas.baseOf(memory);

  // Arguments one by one: a rest parameter would allocate at every call.
  const gemm: Kernel = (transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, bias, activation, scratch) => {
    if (!isForBlas(kind, m, n, k)) {
      return wasm.gemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, bias, activation, scratch);
    }
    const [orderA, orderB] = [transA ? TRANSPOSED : AS_IT_LIES, transB ? TRANSPOSED : AS_IT_LIES];
    const beta = accumulate ? 1 : 0;
    sgemm(ROW_MAJOR, orderA, orderB, m, n, k, 1, base + a, lda, base + b, ldb, beta, base + c, ldc);
    if (bias !== 0 || activation !== 0) wasm.biasActivation(c, m, n, ldc, bias, activation);
    return 0;
  };

  const batchedGemm: Kernel = (...args) => {
    const [transA, transB, m, n, k, a, aRowStride, b, bRowStride, c, rows, rank, meta, accumulate] = args;
    if (!isForBlas(kind, m, n, k)) return wasm.batchedGemm(...args);
    const [orderA, orderB] = [transA ? TRANSPOSED : AS_IT_LIES, transB ? TRANSPOSED : AS_IT_LIES];
    const [lda, ldb, beta] = [transA ? m : k, transB ? k : n, accumulate ? 1 : 0];
    const [extents, aStrides, bStrides] = [0, 1, 2].map(
      (part) => new Int32Array(memory.buffer, meta + 4 * rank * part, rank),
    );
    let inner = 1;
    for (let d = 0; d < rank; d++) inner *= extents[d];
    let cAt = base + c;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < inner; i++) {
        let aOffset = row * aRowStride;
        let bOffset = row * bRowStride;
        let rest = i;
        for (let d = rank - 1; d >= 0; d--) {
          const position = rest % extents[d];
          aOffset += position * aStrides[d];
          bOffset += position * bStrides[d];
          rest = (rest - position) / extents[d];
        }
        const [aAt, bAt] = [base + a + 4 * aOffset, base + b + 4 * bOffset];
        sgemm(ROW_MAJOR, orderA, orderB, m, n, k, 1, aAt, lda, bAt, ldb, beta, cAt, n);
        cAt += 4 * m * n;
      }
    }
    return 0;
  };

  return { gemm, batchedGemm };
}
