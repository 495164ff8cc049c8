// A product of matrices inside another kernel → the machine's BLAS where the run has one and the rule of ../blas-rule.ts takes it, else gemm.
// Every worker thread runs it; the two imports are set when the module is instantiated (../wasm.ts) and are the same in all threads of a run.
import { biasActivation } from './bias-activation';
import { gemm } from './gemm';

/** cblas_sgemm on addresses of this memory, row-major, alpha 1: C (m, n) = op(A) op(B), added to C where `accumulate` is 1. */
// @ts-ignore: decorator
@external("blas", "sgemm")
declare function sgemm(
  transA: i32, transB: i32, m: usize, n: usize, k: usize, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  accumulate: i32,
): void;

/** From so many tile products on BLAS computes; infinite where there is none. */
// @ts-ignore: decorator
@external("blas", "leastTileProducts")
declare const leastTileProducts: f64;

/** C (m, n) = act([C +] op(A) op(B)); arguments as gemm's, which has the same meaning and, without a BLAS, the same bits. */
export function product(
  transA: i32, transB: i32, m: usize, n: usize, k: usize, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  accumulate: i32, activation: i32, scratch: usize,
): void {
  const tileProducts = <f64>((m + 3) & ~3) * <f64>((n + 7) & ~7) * <f64>k;
  if (tileProducts < leastTileProducts) {
    return gemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate, 0, activation, scratch);
  }
  sgemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
  if (activation) biasActivation(c, m, n, ldc, 0, activation);
}
