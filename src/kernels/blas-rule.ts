// The shape of a product → whether BLAS or our own gemm computes it: a pure rule, part of the mathematics. Any thread.
import type { BlasKind } from './blas-library.ts';

/** A backend's rule: BLAS from this size on. */
interface BlasRule {
  /** Multiplications below which a call, the packing of its small matrices and a pass of its own for the bias cost more than they gain. */
  leastProducts: number;
}

const RULES: Readonly<Record<BlasKind, BlasRule>> = {
  openblas: { leastProducts: 4096 },
  blis: { leastProducts: 4096 },
  mkl: { leastProducts: 4096 },
  accelerate: { leastProducts: 4096 },
};

/** Whether C (m, n) with inner extent k goes to BLAS. */
export function isForBlas(kind: BlasKind, m: number, n: number, k: number): boolean {
  return m * n * k >= RULES[kind].leastProducts;
}
