// The hash of the ledger: every backend against the reference, and what a hash has to tell apart.
import { describe, expect, test } from 'vitest';
import {
  BACKENDS,
  COUNTS,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  update,
} from './kernel-bench.ts';

const ALL = [...BACKENDS, 'reference'] as const;

function hashOf(
  backend: (typeof ALL)[number],
  values: ArrayLike<number>,
  position = 0,
): { hash: bigint; notFinite: number } {
  const out = output(2, 'u32');
  const run = runKernel(backend, 'positionHash', [out, input(values), position, values.length, 0]);
  const [low, high] = run.read(out);
  return { hash: BigInt(low) | (BigInt(high) << 32n), notFinite: run.result };
}

describe.each(BACKENDS)('positionHash, %s', (backend) => {
  test('gives the bits of the reference for every count and position, assigned or added', () => {
    for (const n of [...COUNTS, 15, 16, 17, 63, 64, 65, 127, 129])
      for (const position of [0, 16, 16 * 1023, 2 ** 31]) {
        const x = input(numbers(n, n + 1));
        expectAsReference(backend, 'positionHash', [output(2, 'u32'), x, position, n, 0]);
        expectAsReference(backend, 'positionHash', [update([0xffff_ffff, 0x8000_0001], 'u32'), x, position, n, 1]);
      }
    const special = SPECIAL.filter((value) => !Number.isNaN(value));
    expectAsReference(backend, 'positionHash', [output(2, 'u32'), input(special), 48, special.length, 0]);
  });
});

describe.each(ALL)('positionHash, %s', (backend) => {
  test('is the sum that its formula says, worked by hand for two elements', () => {
    // 1 is 0x3f800000, its y 0x3f80007f; -2 is 0xc0000000, its y 0xc0000180. Elements 0 and 65 are the first of line 0 and the second of line 1.
    const x = new Float32Array(66);
    x[0] = 1;
    x[65] = -2;
    const product = (y: bigint, key: bigint): bigint => BigInt.asUintN(32, y * key);
    const first = product(0x3f80007fn, 0x45591009n) + (product(0x3f80007fn, 0x2a039f45n) << 32n);
    const second = product(0xc0000180n, 0x313f6f5fn) + (product(0xc0000180n, 0xdc0bc1ebn) << 32n);
    // The first and the fifth number of splitmix64 from the seed 0 are well known: lines begin at elements 0 and 64, places 0 and 4.
    const [b0, b4] = [0xe220a8397b1dcdafn | 1n, 0x1b39896a51a8749bn | 1n];
    expect(hashOf(backend, x).hash).toBe(BigInt.asUintN(64, first * b0 + second * b4));
  });

  test('parts of an array that are cut between lines add up to the whole in any order', () => {
    const x = numbers(333);
    const cuts = [0, 64, 192, 320, 333];
    const parts = cuts.slice(1).map((end, i) => hashOf(backend, x.subarray(cuts[i], end), cuts[i]).hash);
    const sum = parts.reverse().reduce((total, part) => BigInt.asUintN(64, total + part), 0n);
    expect(sum).toBe(hashOf(backend, x).hash);
  });

  test('tells every change of one bit, every exchange of two elements and another position', () => {
    const x = numbers(90);
    const seen = new Set([hashOf(backend, x).hash]);
    let variants = 1;
    const bits = new Uint32Array(x.buffer);
    for (const element of [0, 1, 15, 16, 63, 64, 89])
      for (let bit = 0; bit < 32; bit++) {
        bits[element] ^= 1 << bit;
        if (!Number.isNaN(x[element])) {
          seen.add(hashOf(backend, x).hash);
          variants++;
        }
        bits[element] ^= 1 << bit;
      }
    for (const [a, b] of [
      [0, 1],
      [3, 19],
      [15, 16],
      [3, 67],
    ]) {
      const swapped = x.slice();
      [swapped[a], swapped[b]] = [x[b], x[a]];
      seen.add(hashOf(backend, swapped).hash);
      variants++;
    }
    seen.add(hashOf(backend, x, 16).hash);
    expect(seen.size).toBe(variants + 1);
    expect(hashOf(backend, [0]).hash).not.toBe(hashOf(backend, [-0]).hash);
  });

  test.each([1, 3, 4, 16, 65, 130])('says whether one of %i elements is not finite, wherever it stands', (n) => {
    const x = numbers(n);
    expect(hashOf(backend, x).notFinite).toBe(0);
    for (const at of new Set([0, n >> 1, n - 1]))
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        expect(hashOf(backend, [...x].with(at, bad)).notFinite).toBe(1);
  });
});
