// A loaded BLAS and the WebAssembly kernels → `gemm` that takes each product to the faster one, and what kernels call inside. Any thread.
import type { LoadedBlas } from './blas-library.ts';
import { isForBlas, leastTileProducts } from './blas-rule.ts';
import type { Kernel, KernelName } from './kernel-set.ts';

/** Of cblas.h. */
const ROW_MAJOR = 101;
const AS_IT_LIES = 111;
const TRANSPOSED = 112;

/** The imports `blas` of assembly/product.ts; without a library no product reaches it. */
export interface BlasImports extends Record<string, unknown> {
  sgemm: (...args: number[]) => void;
  leastTileProducts: number;
}

/** The imports of a module that has no BLAS. */
export const NO_BLAS: BlasImports = {
  sgemm() {
    throw new Error('product: expected no call of a BLAS where there is none; this is a fault in lockstep');
  },
  leastTileProducts: Number.POSITIVE_INFINITY,
};

/** What convolutions and batched products call for their large products over `memory`. */
export function blasImports({ sgemm, kind, baseOf }: LoadedBlas, memory: WebAssembly.Memory): BlasImports {
  const base = baseOf(memory);
  return {
    // Addresses come as signed numbers of 32 bits.
    sgemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate) {
      const [orderA, orderB] = [transA ? TRANSPOSED : AS_IT_LIES, transB ? TRANSPOSED : AS_IT_LIES];
      const [aAt, bAt, cAt] = [a >>> 0, b >>> 0, c >>> 0];
      checkPlaces(memory, aAt + 4 * matrixElements(transA, m, k, lda), bAt + 4 * matrixElements(transB, k, n, ldb));
      checkPlaces(memory, cAt + 4 * matrixElements(0, m, n, ldc), 0);
      sgemm(
        ROW_MAJOR,
        orderA,
        orderB,
        m,
        n,
        k,
        1,
        base + aAt,
        lda,
        base + bAt,
        ldb,
        accumulate ? 1 : 0,
        base + cAt,
        ldc,
      );
    },
    leastTileProducts: leastTileProducts(kind),
  };
}

/**
 * `gemm` over `memory`; arguments as in assembly/gemm.ts. From JavaScript, where the interpreter calls it: the way through WebAssembly and
 * back would cost a small product more. BLAS sums in an order of its own that depends on the shape: the same bits for the same shape only.
 */
export function blasGemm(
  blas: LoadedBlas,
  memory: WebAssembly.Memory,
  wasm: Readonly<Record<KernelName, Kernel>>,
): Kernel {
  const { sgemm, kind } = blas;
  const base = blas.baseOf(memory);
  // Arguments one by one: a rest parameter would allocate at every call.
  return (transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, bias, activation, scratch) => {
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
