import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedInteger, permute } from '#src/data/permutation.js';
import { PURPOSE } from '#src/kernels/purpose.js';

const word = () => fc.integer({ min: 0, max: 0xffff_ffff });

describe('boundedInteger', () => {
  it('is the floor of random · bound / 2^64, as whole numbers of any size give it', () => {
    fc.assert(
      fc.property(word(), word(), fc.integer({ min: 1, max: 2 ** 32 }), (high, low, bound) => {
        const exact = (((BigInt(high) << 32n) | BigInt(low)) * BigInt(bound)) >> 64n;
        expect(boundedInteger(high, low, bound)).toBe(Number(exact));
      }),
      { numRuns: 2000 },
    );
  });

  it('stays below the bound for the largest random number', () => {
    for (const bound of [1, 2, 3, 65_535, 65_536, 0xffff_ffff, 2 ** 32]) {
      expect(boundedInteger(0xffff_ffff, 0xffff_ffff, bound)).toBe(bound - 1);
    }
  });
});

describe('permute', () => {
  const permutation = (n: number, seed: number, purpose: 1 | 2, epoch: number) => {
    const out = new Uint32Array(n);
    permute(out, seed, purpose, epoch);
    return out;
  };

  // Golden: from a program of its own in Python, on whole numbers of any size, which also gives Philox's published vectors.
  it.each([
    [1, PURPOSE.shuffle, 0, [3, 7, 0, 4, 1, 5, 6, 8, 9, 2]],
    [1, PURPOSE.shuffle, 1, [9, 0, 2, 5, 4, 1, 8, 3, 7, 6]],
    [2 ** 53 - 1, PURPOSE.split, 0, [9, 0, 5, 2, 4, 6, 3, 8, 7, 1]],
  ] as const)('gives seed %i, purpose %i, epoch %i the order it always had', (seed, purpose, epoch, order) => {
    expect([...permutation(10, seed, purpose, epoch)]).toEqual(order);
  });

  it.each([
    [54_000, PURPOSE.shuffle, '322301f3a85453e3a4d679cec289b0e252b61022f28f4780e1b92f8ecee7db3d'],
    [60_000, PURPOSE.split, '41e59f5722eeee4f03c4ee476f3d82987cb7ad22d0310b95337e957d587d0f54'],
  ] as const)('gives %i positions of purpose %i the order they always had', (n, purpose, sha256) => {
    const order = permutation(n, 1, purpose, 0);
    expect(createHash('sha256').update(order).digest('hex')).toBe(sha256);
  });

  it('has every position once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat(), fc.nat(), (n, seed, epoch) => {
        expect([...permutation(n, seed, PURPOSE.shuffle, epoch).sort()]).toEqual([...Array(n).keys()]);
      }),
    );
  });

  it('puts every element to every place about equally often', () => {
    const n = 6;
    const draws = 6000;
    const counts = new Uint32Array(n * n);
    for (let epoch = 0; epoch < draws; epoch++) {
      for (const [place, element] of permutation(n, 1, PURPOSE.shuffle, epoch).entries()) counts[place * n + element]++;
    }
    // Binomial with mean 1000 and deviation 29: five deviations.
    for (const count of counts) expect(Math.abs(count - draws / n)).toBeLessThan(145);
  });

  it('depends on all 53 bits of the seed', () => {
    const orders = [5, 5 + 2 ** 32, 5 + 2 ** 52].map((seed) => permutation(50, seed, PURPOSE.shuffle, 0).join());
    expect(new Set(orders).size).toBe(3);
  });
});
