import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gemmBlockDepth, gemmScratchBytes } from '#src/kernels/gemm-scratch.js';
import {
  type Argument,
  BACKENDS,
  type Backend,
  expectAsReference,
  expectClose,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  scratch,
  type Tolerance,
  ulps,
  update,
} from './kernel-bench.ts';

interface Product {
  transA: number;
  transB: number;
  m: number;
  n: number;
  k: number;
  accumulate?: number;
  hasBias?: boolean;
  activation?: number;
  /** How much longer the rows lie apart than they are. */
  gap?: number;
}

const FORMS = [0, 1].flatMap((transA) => [0, 1].map((transB) => ({ transA, transB })));
/** m, n, k: empty ones, edges of a tile (4 x 8), of a block of K (512) and of the packed rows (512). */
const SIZES: [number, number, number][] = [
  [0, 3, 2],
  [3, 0, 2],
  [3, 9, 0],
  [1, 1, 1],
  [1, 17, 30],
  [2, 8, 5],
  [3, 5, 7],
  [4, 8, 4],
  [5, 9, 3],
  [8, 16, 6],
  [9, 24, 11],
  [64, 10, 63],
  [10, 31, 64],
  [3, 7, 512],
  [5, 9, 513],
  [6, 13, 1029],
  [513, 9, 5],
  [1030, 3, 2],
];

function argumentsOf(product: Product): { args: Argument[]; product: Required<Product> } {
  const full = { accumulate: 0, hasBias: false, activation: 0, gap: 0, ...product };
  const { transA, transB, m, n, k, gap } = full;
  const [aRows, lda] = [transA ? k : m, (transA ? m : k) + gap];
  const [bRows, ldb] = [transB ? n : k, (transB ? k : n) + gap];
  const ldc = n + gap;
  const a = input(numbers(aRows * lda, 11));
  const b = input(numbers(bRows * ldb, 22));
  const c = update(numbers(m * ldc, 33));
  const bias = full.hasBias ? input(numbers(n, 44)) : 0;
  const rest = [full.accumulate, bias, full.activation, scratch(gemmScratchBytes(m, n, k))];
  return { args: [transA, transB, m, n, k, a, lda, b, ldb, c, ldc, ...rest], product: full };
}

/** The portable build rounds as the reference does; the other may round a product and its sum at once. */
function toleranceOf(backend: Backend, { k, activation }: Required<Product>): Tolerance {
  if (backend === 'relaxed') {
    // Higham 2002, section 3.1: (k + 2) roundings of a sum whose terms are at most 1, bias and C included; then 3 ulp of at most 1.
    const bound = (k + 2) * (k + 2) * 2 ** -24 + 3 * 2 ** -24;
    return () => bound;
  }
  return activation < 2 ? 'same bits' : ulps(3);
}

function expectProduct(backend: Backend, product: Product): void {
  const { args, product: full } = argumentsOf(product);
  expectAsReference(backend, 'gemm', args, toleranceOf(backend, full));
}

describe.each(BACKENDS)('gemm, %s', (backend) => {
  test.each(FORMS)('gives the products of the reference, transA=$transA transB=$transB', (form) => {
    for (const [m, n, k] of SIZES) {
      expectProduct(backend, { ...form, m, n, k });
      expectProduct(backend, { ...form, m, n, k, accumulate: 1, hasBias: true, activation: 1, gap: 3 });
    }
  });

  test.each([0, 1, 2, 3])('applies activation %i after the bias, at edges and without terms', (activation) => {
    for (const [m, n, k] of [
      [5, 11, 7],
      [4, 8, 600],
      [3, 5, 0],
    ]) {
      for (const hasBias of [false, true]) {
        for (const accumulate of [0, 1]) {
          expectProduct(backend, { transA: 0, transB: 1, m, n, k, hasBias, accumulate, activation });
        }
      }
    }
  });

  test('row i of a product has the same bits whatever the number of rows', () => {
    const property = fc.property(
      fc.constantFrom(...FORMS),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 700 }),
      fc.nat(),
      fc.integer({ min: 1, max: 3 }),
      ({ transA, transB }, m, n, k, pick, fewer) => {
        const [a, b] = [numbers(m * k, pick), numbers(n * k, pick + 1)];
        const at = (i: number, p: number): number => a[transA ? p * m + i : i * k + p];
        const multiply = (first: number, rows: number): ArrayLike<number> => {
          const part = Float32Array.from({ length: rows * k }, (_, e) =>
            transA ? at(first + (e % rows), Math.floor(e / rows)) : at(first + Math.floor(e / k), e % k),
          );
          const c = output(rows * n);
          const factors = [input(part), transA ? rows : k, input(b), transB ? k : n];
          const last = [c, n, 0, 0, 1, scratch(gemmScratchBytes(rows, n, k))];
          return runKernel(backend, 'gemm', [transA, transB, rows, n, k, ...factors, ...last]).read(c);
        };
        const whole = multiply(0, m) as Float32Array;
        const first = pick % m;
        const rows = Math.min(fewer, m - first);
        const part = multiply(first, rows);
        expectClose(part, whole.slice(first * n, (first + rows) * n), 'same bits', `row ${first} of ${m}`);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  test('hides no NaN and reads nothing beyond its matrices', () => {
    const a = input([Number.NaN, 1, 2, 3]);
    const c = output(4);
    const args = [0, 0, 2, 2, 2, a, 2, input([1, 0, 0, 1]), 2, c, 2, 0, 0, 1, scratch(gemmScratchBytes(2, 2, 2))];
    expect([...runKernel(backend, 'gemm', args).read(c)]).toEqual([Number.NaN, Number.NaN, 2, 3]);
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s multiplies a hand-worked pair of matrices', (backend) => {
  const multiply = (transA: number, transB: number): number[] => {
    const c = output(4);
    const factors = [input([1, 2, 3, 4]), 2, input([5, 6, 7, 8]), 2];
    const args = [transA, transB, 2, 2, 2, ...factors, c, 2, 0, 0, 0, scratch(gemmScratchBytes(2, 2, 2))];
    return [...runKernel(backend, 'gemm', args).read(c)];
  };
  expect(multiply(0, 0)).toEqual([19, 22, 43, 50]);
  expect(multiply(0, 1)).toEqual([17, 23, 39, 53]);
  expect(multiply(1, 0)).toEqual([26, 30, 38, 44]);
  expect(multiply(1, 1)).toEqual([23, 31, 34, 46]);
});

test('ReLU in gemm keeps -0 and NaN as the relu kernel does', () => {
  for (const backend of BACKENDS) {
    const c = update(SPECIAL);
    const args = [
      0,
      0,
      1,
      SPECIAL.length,
      0,
      0,
      0,
      0,
      0,
      c,
      SPECIAL.length,
      1,
      0,
      1,
      scratch(gemmScratchBytes(1, 1, 0)),
    ];
    expectAsReference(backend, 'gemm', args);
  }
});

test('gemmBlockDepth cuts K into the fewest blocks of at most 512 terms, of one depth but the last', () => {
  for (let k = 1; k < 3000; k++) {
    const depth = gemmBlockDepth(k);
    expect(depth % 4).toBe(0);
    expect(depth).toBeLessThanOrEqual(512);
    expect(Math.ceil(k / depth)).toBe(Math.ceil(k / 512));
  }
});
