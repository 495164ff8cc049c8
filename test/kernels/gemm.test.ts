// gemm against the three loops of reference.ts: the same bits in the portable build, within K roundings where madd is fused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gemmScratchBytes } from '#src/kernels/gemm-scratch.js';
import { BACKENDS, type Bench, numbers, openBackend } from './backends.ts';

interface Product {
  transA: number;
  transB: number;
  m: number;
  n: number;
  k: number;
  accumulate?: number;
  hasBias?: boolean;
  activation?: number;
  /** How much longer rows lie in memory than they are. */
  gap?: number;
}

function multiply({ kernels, place, checkGuards }: Bench, product: Product): number[] {
  const { transA, transB, m, n, k, accumulate = 0, hasBias = false, activation = 0, gap = 0 } = product;
  const [lda, ldb, ldc] = [(transA ? m : k) + gap, (transB ? k : n) + gap, n + gap];
  const a = place(numbers((transA ? k : m) * lda, 1));
  const b = place(numbers((transB ? n : k) * ldb, 2));
  const c = place(numbers(m * ldc, 3));
  const bias = hasBias ? place(numbers(n, 4)).byteOffset : 0;
  const scratch = place(new Uint8Array(gemmScratchBytes(m, n, k)));
  kernels.gemm(
    transA,
    transB,
    m,
    n,
    k,
    a.byteOffset,
    lda,
    b.byteOffset,
    ldb,
    c.byteOffset,
    ldc,
    accumulate,
    bias,
    activation,
    scratch.byteOffset,
  );
  checkGuards();
  return [...c];
}

const FORMS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const SIZES = [
  [1, 1, 1],
  [1, 512, 784],
  [4, 8, 16],
  [5, 8, 3],
  [7, 10, 31],
  [8, 9, 0],
  [9, 17, 33],
  [10, 15, 512],
  [11, 7, 513],
  [16, 24, 1025],
  [23, 40, 64],
  [32, 10, 256],
  [3, 100, 5],
  [100, 3, 5],
  [0, 5, 5],
  [5, 0, 5],
];

describe.each(BACKENDS.filter((name) => name !== 'reference'))('%s', (name) => {
  test.each(SIZES)('%d × %d × %d in all four forms, with every epilogue', (m, n, k) => {
    for (const [transA, transB] of FORMS) {
      for (const rest of [
        {},
        { accumulate: 1, gap: 3 },
        { hasBias: true, activation: 1 },
        { accumulate: 1, hasBias: true },
      ]) {
        const product = { transA, transB, m, n, k, ...rest };
        const expected = multiply(openBackend('reference'), product);
        const got = multiply(openBackend(name), product);
        if (name === 'simd') expect(got, JSON.stringify(product)).toEqual(expected);
        else {
          // |inputs| < 1: K products and sums are off by at most K roundings of a number below K.
          const bound = (k + 4) * (k + 1) * 2 ** -24;
          const errors = got.map((value, i) => Math.abs(value - expected[i]));
          expect(Math.max(0, ...errors)).toBeLessThanOrEqual(bound);
        }
      }
    }
  });

  test('tanh and logistic epilogues are the kernels of that name', () => {
    const product = { transA: 0, transB: 1, m: 9, n: 21, k: 40, hasBias: true };
    const bench = openBackend(name);
    const linear = bench.place(Float32Array.from(multiply(bench, product)));
    for (const [activation, kernel] of [
      [2, 'tanh'],
      [3, 'sigmoid'],
    ] as const) {
      const out = bench.place(new Float32Array(linear.length));
      bench.kernels[kernel](out.byteOffset, linear.byteOffset, linear.length);
      expect(multiply(bench, { ...product, activation })).toEqual([...out]);
    }
  });

  test('row i of a product does not depend on the number of rows', () => {
    const random = fc.record({
      n: fc.integer({ min: 1, max: 40 }),
      k: fc.integer({ min: 1, max: 600 }),
      m: fc.integer({ min: 1, max: 40 }),
      hasBias: fc.boolean(),
      transB: fc.constantFrom(0, 1),
    });
    const bench = openBackend(name);
    const { kernels } = bench;
    const most = {
      a: bench.place(numbers(40 * 600, 1)),
      b: bench.place(numbers(40 * 600, 2)),
      bias: bench.place(numbers(40, 3)),
    };
    const c = bench.place(new Float32Array(40 * 40));
    const scratch = bench.place(new Uint8Array(gemmScratchBytes(40, 40, 600)));
    const run = (
      rows: number,
      from: number,
      { n, k, hasBias, transB }: { n: number; k: number; hasBias: boolean; transB: number },
    ) => {
      kernels.gemm(
        0,
        transB,
        rows,
        n,
        k,
        most.a.byteOffset + from * k * 4,
        k,
        most.b.byteOffset,
        transB ? k : n,
        c.byteOffset,
        n,
        0,
        hasBias ? most.bias.byteOffset : 0,
        1,
        scratch.byteOffset,
      );
      return [...c.subarray(0, rows * n)];
    };
    fc.assert(
      fc.property(random, (product) => {
        const whole = run(product.m, 0, product);
        for (let row = 0; row < product.m; row++) {
          expect(run(1, row, product)).toEqual(whole.slice(row * product.n, (row + 1) * product.n));
        }
      }),
      { numRuns: 60 },
    );
  });
});
