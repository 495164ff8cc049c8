import { describe, expect, test } from 'vitest';
import { gemmScratchBytes } from '#src/kernels/gemm-scratch.js';
import {
  BACKENDS,
  type Backend,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  scratch,
  type Tolerance,
  update,
} from './kernel-bench.ts';

const FORMS = [0, 1].flatMap((transA) => [0, 1].map((transB) => [transA, transB] as const));
/** m, n, k: none, the edges of a tile, a head of attention. */
const SIZES: [number, number, number][] = [
  [0, 3, 2],
  [3, 4, 0],
  [1, 1, 1],
  [3, 5, 4],
  [5, 9, 3],
  [4, 8, 5],
  [33, 17, 16],
];

/** As for gemm: the relaxed build may round a product and its sum at once. */
const tolerance = (backend: Backend, k: number): Tolerance =>
  backend === 'relaxed' ? () => (k + 2) * (k + 2) * 2 ** -24 : 'same bits';

describe.each(BACKENDS)('batchedGemm, %s', (backend) => {
  test.each(FORMS)('gives the products of the reference, transA=%i transB=%i', (transA, transB) => {
    for (const [m, n, k] of SIZES) {
      for (const accumulate of [0, 1]) {
        const [sizeA, sizeB] = [m * k, k * n];
        // Two rows of 3 x 2 matrices; A is shared along the last axis, B along the first.
        const meta = input(Int32Array.from([3, 2, sizeA, 0, 0, sizeB]), 'i32');
        const [a, b] = [input(numbers(2 * 3 * sizeA, 1)), input(numbers(2 * 2 * sizeB, 2))];
        const c = update(numbers(12 * m * n, 3));
        const work = scratch(gemmScratchBytes(m, n, k));
        const args = [transA, transB, m, n, k, a, 3 * sizeA, b, 2 * sizeB, c, 2, 2, meta, accumulate, work];
        expectAsReference(backend, 'batchedGemm', args, tolerance(backend, k));
      }
    }
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s: two hand-worked products by one shared matrix', (backend) => {
  const c = output(4);
  const [a, b] = [input([1, 2, 3, 4]), input([10, 1, 0, 5])];
  const meta = input(Int32Array.from([2, 2, 0]), 'i32');
  const args = [0, 0, 1, 2, 2, a, 0, b, 0, c, 1, 1, meta, 0, scratch(gemmScratchBytes(1, 2, 2))];
  expect([...runKernel(backend, 'batchedGemm', args).read(c)]).toEqual([10, 11, 30, 23]);
});
