import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isForBlas, tileProducts } from '#src/kernels/blas-rule.js';

test('tileProducts counts whole tiles of 4 × 8', () => {
  expect(tileProducts(1, 1, 10)).toBe(4 * 8 * 10);
  expect(tileProducts(5, 9, 3)).toBe(8 * 16 * 3);
  expect(tileProducts(64, 512, 784)).toBe(64 * 512 * 784);
  expect([tileProducts(0, 8, 8), tileProducts(4, 0, 8), tileProducts(4, 8, 0)]).toEqual([0, 0, 0]);
});

test('no empty product goes to BLAS, and one that goes there does so with more rows, columns or terms too', () => {
  const size = fc.integer({ min: 0, max: 300 });
  const property = fc.property(
    fc.constantFrom('openblas', 'blis', 'mkl', 'accelerate'),
    fc.tuple(size, size, size),
    fc.tuple(size, size, size),
    (kind, [m, n, k], [dm, dn, dk]) => {
      if (m * n * k === 0) expect(isForBlas(kind, m, n, k)).toBe(false);
      else if (isForBlas(kind, m, n, k)) expect(isForBlas(kind, m + dm, n + dn, k + dk)).toBe(true);
    },
  );
  fc.assert(property);
});

test('the products of an MLP on a shard of 64 go to BLAS, those of a toy do not', () => {
  for (const [m, n, k] of [
    [64, 512, 784],
    [64, 10, 512],
    [10, 512, 64],
  ])
    expect(isForBlas('openblas', m, n, k)).toBe(true);
  expect(isForBlas('openblas', 4, 3, 12)).toBe(false);
});
