// The products of `bench kernels`, with shapes that take no time: what must hold whatever the figures are.
import { describe, expect, test } from 'vitest';
import { measureProducts, PRODUCT_SHAPES } from '#src/bench/measure-products.js';
import { isForBlas } from '#src/kernels/blas-rule.js';
import { findBlas } from '#src/kernels/find-blas.js';

const shapes = [
  [1, 1, 3],
  [33, 17, 40],
] as const;
const { blas } = findBlas();

test('the shapes have squares from 64 to 1024, odd sizes, few rows, few columns and few terms', () => {
  const sizes = PRODUCT_SHAPES.map((shape) => shape.join());
  for (const side of [64, 128, 256, 512, 1024]) expect(sizes).toContain([side, side, side].join());
  const some = (is: (m: number, n: number, k: number) => boolean): boolean =>
    PRODUCT_SHAPES.some((shape) => is(...shape));
  expect(some((m, n, k) => m % 2 === 1 && n % 2 === 1 && k % 2 === 1 && m > 200)).toBe(true);
  expect(some((m, n) => m <= 16 && n > 100)).toBe(true);
  expect(some((m, n) => n <= 16 && m > 100)).toBe(true);
  expect(some((m, _, k) => k < 32 && m > 100)).toBe(true);
  expect(new Set(sizes).size).toBe(sizes.length);
});

describe('measureProducts', () => {
  test('without a BLAS measures our own gemm alone', () => {
    const { rows, blas: library } = measureProducts({ build: 'simd', shapes, ms: 1 });
    expect(library).toBeNull();
    expect(rows.map(({ size }) => size)).toEqual(['1×1×3', '33×17×40']);
    for (const row of rows) expect(row).toMatchObject({ blas: null, blasShare: null, ratio: null, goesTo: 'own' });
    expect(Math.max(...rows.map(({ ownShare }) => ownShare))).toBe(1);
  });

  test.skipIf(blas === undefined)(
    'with one measures both, each against its own best row, and says whose the shape is',
    () => {
      const { rows } = measureProducts({ build: 'simd', blas, shapes, ms: 1 });
      expect(rows.map(({ goesTo }) => goesTo)).toEqual(
        shapes.map(([m, n, k]) => (isForBlas(blas!.kind, m, n, k) ? 'blas' : 'own')),
      );
      expect(rows.map(({ goesTo }) => goesTo)).toEqual(['own', 'blas']);
      for (const side of ['own', 'blas'] as const) {
        const rates = rows.map((row) => row[side]!.median);
        expect(rows.map((row) => row[`${side}Share`])).toEqual(rates.map((rate) => rate / Math.max(...rates)));
      }
      for (const { ratio, own, blas: library } of rows) {
        expect(ratio!.count).toBe(9);
        expect(ratio!.low).toBeGreaterThanOrEqual(own.low / library!.high);
        expect(ratio!.high).toBeLessThanOrEqual(own.high / library!.low);
      }
    },
  );
});
