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
    for (const n of [...COUNTS, 15, 16, 17, 31, 32, 33])
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
    // 1 is 0x3f800000, its y 0x3f80007f; -2 is 0xc0000000, its y 0xc0000180. Elements 0 and 17 are lane 0 of line 0 and lane 1 of line 1.
    const x = new Float32Array(18);
    x[0] = 1;
    x[17] = -2;
    const product = (y: bigint, key: bigint): bigint => BigInt.asUintN(32, y * key);
    const first = product(0x3f80007fn, 0x45591009n) + (product(0x3f80007fn, 0x2a039f45n) << 32n);
    const second = product(0xc0000180n, 0x313f6f5fn) + (product(0xc0000180n, 0xdc0bc1ean) << 32n);
    // The first two numbers of splitmix64 from the seed 0 are well known.
    const [b0, b1] = [0xe220a8397b1dcdafn | 1n, 0x6e789e6aa1b965f4n | 1n];
    expect(hashOf(backend, x).hash).toBe(BigInt.asUintN(64, first * b0 + second * b1));
  });

  test('parts of an array add up to the whole in any order', () => {
    const x = numbers(333);
    const cuts = [0, 64, 80, 304, 333];
    const parts = cuts.slice(1).map((end, i) => hashOf(backend, x.subarray(cuts[i], end), cuts[i]).hash);
    const sum = parts.reverse().reduce((total, part) => BigInt.asUintN(64, total + part), 0n);
    expect(sum).toBe(hashOf(backend, x).hash);
  });

  test('tells every change of one bit, every exchange of two elements and another position', () => {
    const x = numbers(40);
    const seen = new Set([hashOf(backend, x).hash]);
    let variants = 1;
    const bits = new Uint32Array(x.buffer);
    for (const element of [0, 1, 15, 16, 39])
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

  test.each([1, 3, 4, 16, 17, 100])('counts what is not finite among %i elements, wherever it stands', (n) => {
    const x = numbers(n);
    expect(hashOf(backend, x).notFinite).toBe(0);
    for (const at of new Set([0, n >> 1, n - 1]))
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        expect(hashOf(backend, [...x].with(at, bad)).notFinite).toBe(1);
    expect(hashOf(backend, new Float32Array(n).fill(Number.NaN)).notFinite).toBe(n);
  });
});
