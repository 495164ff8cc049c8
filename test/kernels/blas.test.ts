// This machine's BLAS behind the kernels: against the reference within rounding, and against itself, called by hand, bit for bit.
import { describe, expect, test } from 'vitest';
import { loadBlas } from '#src/kernels/blas-library.js';
import { isForBlas } from '#src/kernels/blas-rule.js';
import { testInProcess } from '#src/kernels/blas-verdict.js';
import { findBlas } from '#src/kernels/find-blas.js';
import { gemmScratchBytes } from '#src/kernels/gemm-scratch.js';
import {
  type Argument,
  type Backend,
  expectAsReference,
  expectClose,
  input,
  numbers,
  output,
  runKernel,
  scratch,
  update,
} from './kernel-bench.ts';

const { blas } = findBlas();
const FORMS = [0, 1].flatMap((transA) => [0, 1].map((transB) => ({ transA, transB })));
/** m, n, k on both sides of every rule: empty, a row, a column, odd ones, what OpenBLAS packs and what it does not. */
const SIZES = [
  [0, 3, 2],
  [3, 9, 0],
  [1, 1, 3],
  [1, 1, 900],
  [4, 8, 63],
  [1, 131, 70],
  [131, 1, 70],
  [64, 10, 256],
  [97, 113, 101],
  [33, 65, 513],
];

// Higham 2002, section 3.1: (k + 2) roundings, in any order, of a sum whose terms are at most 1; then 3 ulp of at most 1.
const boundOf = (k: number) => () => (k + 2) * (k + 2) * 2 ** -24 + 3 * 2 ** -24;

describe.skipIf(blas === undefined)('products with a BLAS', () => {
  test.each(FORMS)('are those of the reference, transA=$transA transB=$transB', ({ transA, transB }) => {
    for (const [m, n, k] of SIZES) {
      for (const [accumulate, gap, activation] of [
        [0, 0, 0],
        [1, 3, 1],
        [0, 1, 2],
        [1, 0, 3],
      ]) {
        const [aRows, lda] = [transA ? k : m, (transA ? m : k) + gap];
        const [bRows, ldb] = [transB ? n : k, (transB ? k : n) + gap];
        const bias = activation === 0 ? 0 : input(numbers(n, 4));
        const factors = [input(numbers(aRows * lda, 1)), lda, input(numbers(bRows * ldb, 2)), ldb];
        const c = update(numbers(m * (n + gap), 3));
        const rest = [c, n + gap, accumulate, bias, activation, scratch(gemmScratchBytes(m, n, k))];
        expectAsReference('blas', 'gemm', [transA, transB, m, n, k, ...factors, ...rest], boundOf(k));
      }
    }
  });

  test('of many pairs of matrices are those of the reference, shared and strided', () => {
    const [m, n, k, rows] = [17, 33, 40, 3];
    expect(isForBlas(blas!.kind, m, n, k)).toBe(true);
    for (const { transA, transB } of FORMS) {
      for (const accumulate of [0, 1]) {
        // Extents (2, 2): A differs along both, B along the second only, and is the same for all rows.
        const meta = input([2, 2, 2 * m * k, m * k, 0, k * n], 'i32');
        const a = input(numbers(rows * 4 * m * k, 5));
        const b = input(numbers(2 * k * n, 6));
        const c = update(numbers(rows * 4 * m * n, 7));
        const factors = [a, 4 * m * k, b, 0];
        const rest = [c, rows, 2, meta, accumulate, scratch(gemmScratchBytes(m, n, k))];
        expectAsReference('blas', 'batchedGemm', [transA, transB, m, n, k, ...factors, ...rest], boundOf(k));
      }
    }
  });

  test('go where the rule says: large ones have the bits of sgemm, small ones those of our own gemm', () => {
    const { sgemm, baseOf, kind } = loadBlas(blas!.path);
    const multiply = (backend: Backend, m: number, n: number, k: number): ArrayLike<number> => {
      const c = output(m * n);
      const factors: Argument[] = [input(numbers(m * k, 8)), k, input(numbers(k * n, 9)), n];
      const rest = [c, n, 0, 0, 0, scratch(gemmScratchBytes(m, n, k))];
      return runKernel(backend, 'gemm', [0, 0, m, n, k, ...factors, ...rest]).read(c);
    };
    const multiplyBySgemm = (m: number, n: number, k: number): ArrayLike<number> => {
      const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
      const [base, b, c] = [baseOf(memory), 4 * m * k, 4 * (m * k + k * n)];
      new Float32Array(memory.buffer, 0, m * k).set(numbers(m * k, 8));
      new Float32Array(memory.buffer, b, k * n).set(numbers(k * n, 9));
      sgemm(101, 111, 111, m, n, k, 1, base, k, base + b, n, 0, base + c, n);
      return new Float32Array(memory.buffer, c, m * n);
    };
    for (const [m, n, k] of SIZES.filter((size) => !size.includes(0))) {
      const expected = isForBlas(kind, m, n, k) ? multiplyBySgemm(m, n, k) : multiply('simd', m, n, k);
      expectClose(multiply('blas', m, n, k), expected, 'same bits', `${m} × ${n} × ${k}`);
    }
    // Both sides are in the table, and bits tell them apart.
    expect(multiply('simd', 97, 113, 101)).not.toEqual(multiply('blas', 97, 113, 101));
    expect(isForBlas(kind, 1, 1, 3)).toBe(false);
  });

  // bench/blas-soak.mjs does 200,000.
  test('are right when all cores multiply at once', () => {
    expect(testInProcess(blas!.path, 10_000)).toMatchObject({ name: { identity: blas!.identity }, products: 10_000 });
  });
});
