// Argument values in a typed array to one direct kernel call, for each arity; in the thread that interprets a plan.
import type { Kernel } from '../kernels/kernel-set.ts';

/** The most arguments of any kernel. */
export const MOST_ARGUMENTS = 16;

/** Calls kernel `k` with the first values of `v`. */
export type KernelCaller = (k: Kernel, v: Float64Array) => void;

/**
 * The caller for a kernel of `i` arguments at index i (none at 0).
 * A spread (`k(...v)`) would allocate at every call, and WebAssembly reads a missing argument as 0 without an error.
 */
export const CALLERS: readonly (KernelCaller | undefined)[] = [
  undefined,
  (k, v) => void k(v[0]),
  (k, v) => void k(v[0], v[1]),
  (k, v) => void k(v[0], v[1], v[2]),
  (k, v) => void k(v[0], v[1], v[2], v[3]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13]),
  (k, v) => void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14]),
  (k, v) =>
    void k(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15]),
];
