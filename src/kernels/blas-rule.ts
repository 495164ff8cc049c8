// The shape of a product → whether BLAS or our own gemm computes it: a pure rule, part of the mathematics. Any thread.
import type { BlasKind } from './blas-library.ts';

/** Our gemm computes whole tiles of 4 rows and 8 columns, zeros beyond the edges: a matrix of one column costs it as much as one of 8. */
const TILE_ROWS = 4;
const TILE_COLUMNS = 8;

/**
 * BLAS from so many multiplications of our own gemm on; below, a call through koffi (0.17 µs) and what the library does before it
 * multiplies cost more than it gains. From bench/blas-rule.mjs on a Xeon with AVX-512, Node 20, 450 shapes, how much slower than the
 * better side of each shape (geometric mean; always our own gemm in brackets):
 *   OpenBLAS 0.3.21 SkylakeX: 2048 ×1.006, 4096 ×1.019, 8192 ×1.028 [×2.77]; as Zen, AVX2 only: ×1.051, ×1.028, ×1.031 [×1.37];
 *   BLIS 0.9.0 Haswell: 4096 ×1.091, 8192 ×1.083, 16384 ×1.113 [×2.05];
 *   MKL 2026.2 on an EPYC with AVX2: 2048 ×1.080, 4096 ×1.057, 8192 ×1.052 [×1.64]; with 3 to 10 columns it is up to 1.8 times as slow.
 * Accelerate was not measured.
 */
const LEAST_TILE_PRODUCTS: Readonly<Record<BlasKind, number>> = {
  openblas: 4096,
  blis: 8192,
  mkl: 4096,
  accelerate: 4096,
};

/** From so many tile products on BLAS computes. */
export function leastTileProducts(kind: BlasKind): number {
  return LEAST_TILE_PRODUCTS[kind];
}

/** The multiplications that our own gemm does for C (m, n) with inner extent k. */
export function tileProducts(m: number, n: number, k: number): number {
  return Math.ceil(m / TILE_ROWS) * TILE_ROWS * Math.ceil(n / TILE_COLUMNS) * TILE_COLUMNS * k;
}

/** Whether C (m, n) with inner extent k goes to BLAS; how the factors lie makes no difference that would be worth a rule. */
export function isForBlas(kind: BlasKind, m: number, n: number, k: number): boolean {
  return tileProducts(m, n, k) >= leastTileProducts(kind);
}
