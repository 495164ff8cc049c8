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
    checkPlaces(memory, a + 4 * matrixElements(transA, m, k, lda), b + 4 * matrixElements(transB, k, n, ldb));
    checkPlaces(memory, c + 4 * matrixElements(0, m, n, ldc), Math.min(a, b, c));
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
        const [aEnd, bEnd] = [a + 4 * (aOffset + m * k), b + 4 * (bOffset + k * n)];
        checkPlaces(memory, aEnd, bEnd);
        checkPlaces(memory, cAt - base + 4 * m * n, Math.min(aEnd - 4 * m * k, bEnd - 4 * k * n, cAt - base));
        sgemm(ROW_MAJOR, orderA, orderB, m, n, k, 1, aAt, lda, bAt, ldb, beta, cAt, n);
        cAt += 4 * m * n;
      }
    }
    return 0;
  };

  return { gemm, batchedGemm };
}

/** From the first to the last element of a matrix of m × n that lies with rows of `ld` elements, or the other way round. */
function matrixElements(isTransposed: number, m: number, n: number, ld: number): number {
  return isTransposed ? (n - 1) * ld + m : (m - 1) * ld + n;
}

/**
 * A plan may come from a file, and outside of its memory WebAssembly has a guard that a library called by address has not.
 * @throws RangeError
 */
function checkPlaces({ buffer }: WebAssembly.Memory, one: number, other: number): void {
  const { byteLength } = buffer;
  if (one >= 0 && other >= 0 && one <= byteLength && other <= byteLength) return;
  throw new RangeError(`blas: expected matrices inside of ${byteLength} bytes of memory, got ${one} and ${other}`);
}
