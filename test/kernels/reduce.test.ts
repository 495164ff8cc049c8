import { describe, expect, test } from 'vitest';
import { treeSumScratchBytes } from '#src/kernels/gemm-scratch.js';
import {
  type Argument,
  addressesOf,
  BACKENDS,
  COUNTS,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  scratch,
  update,
} from './kernel-bench.ts';

function treeSumArguments(count: number, n: number, byteOffset = 0): Argument[] {
  const slots = Array.from({ length: count }, (_, v) => input(numbers(n + byteOffset / 4, v + 1)));
  return [output(n), addressesOf(slots), count, byteOffset, n, scratch(treeSumScratchBytes(count))];
}

describe.each(BACKENDS)('reductions, %s', (backend) => {
  test('treeSum gives the bits of the reference for each number of slots and elements', () => {
    for (let count = 0; count <= 20; count++) expectAsReference(backend, 'treeSum', treeSumArguments(count, 37));
    for (const n of COUNTS)
      for (const count of [1, 2, 3, 4, 7, 8, 13]) {
        expectAsReference(backend, 'treeSum', treeSumArguments(count, n));
      }
    expectAsReference(backend, 'treeSum', treeSumArguments(8, 5, 12));
    expectAsReference(backend, 'treeSum', treeSumArguments(255, 1030));
  });

  test('treeSum adds 65535 slots', () => {
    const [one, two] = [input([1, 2, 3]), input([0.5, -1, 4])];
    const slots = Array.from({ length: 65_535 }, (_, v) => (v % 2 === 0 ? one : two));
    const out = output(3);
    const args = [out, addressesOf(slots), slots.length, 0, 3, scratch(treeSumScratchBytes(slots.length))];
    // 32768 of one and 32767 of the other; every partial sum is a multiple of 1/2 below 2^23, so exact.
    expect([...runKernel(backend, 'treeSum', args).read(out)]).toEqual([49_151.5, 32_769, 229_372]);
  });

  test('sumRows gives the bits of the reference, added or assigned', () => {
    for (const cols of [1, 3, 4, 5, 19, 64])
      for (const rows of [0, 1, 2, 7, 33]) {
        const x = input(numbers(rows * cols));
        expectAsReference(backend, 'sumRows', [output(cols), x, rows, cols, 0]);
        expectAsReference(backend, 'sumRows', [update(numbers(cols, 9)), x, rows, cols, 1]);
      }
    expectAsReference(backend, 'sumRows', [output(SPECIAL.length), input(SPECIAL), 1, SPECIAL.length, 0]);
  });

  test('scaleSquareSum scales in place and gives the same f64 sum of squares', () => {
    for (const n of COUNTS)
      for (const scale of [1, 0.3, 0]) {
        expectAsReference(backend, 'scaleSquareSum', [update(numbers(n)), scale, n]);
      }
    expect(runKernel(backend, 'scaleSquareSum', [update([1, Number.NaN]), 1, 2]).result).toBeNaN();
  });

  test('squareSum gives the f64 sum of the reference and writes nothing', () => {
    for (const n of COUNTS) {
      const args = [input(numbers(n, n)), n];
      const { result } = runKernel(backend, 'squareSum', args);
      expect(result).toBe(runKernel('reference', 'squareSum', args).result);
      expect(result).toBe(runKernel(backend, 'scaleSquareSum', [update(numbers(n, n)), 1, n]).result);
    }
    expect(runKernel(backend, 'squareSum', [input([2 ** 24, 1, 2, 3, 4]), 5]).result).toBe(2 ** 48 + 1 + 4 + 9 + 16);
    expect(runKernel(backend, 'squareSum', [input([1, Number.NaN]), 2]).result).toBeNaN();
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s: the tree of five is ((0+1)+(2+3))+4', (backend) => {
  // 2^24 + 1 is not an f32: which neighbours are added first shows.
  const slots = [2 ** 24, 1, 1, -(2 ** 24), 1].map((x) => input([x]));
  const out = output(1);
  const args = [out, addressesOf(slots), 5, 0, 1, scratch(treeSumScratchBytes(5))];
  // (2^24 + 1 → 2^24) + (1 - 2^24 → -(2^24 - 1)) = 1, + 1 = 2.
  expect(runKernel(backend, 'treeSum', args).read(out)[0]).toBe(2);
});

test.each([...BACKENDS, 'reference'] as const)('%s: scaleSquareSum adds squares in f64', (backend) => {
  // 2^24 squared is 2^48: f32 sums would lose the others.
  const x = update([2 ** 24, 1, 2, 3, 4]);
  expect(runKernel(backend, 'scaleSquareSum', [x, 1, 5]).result).toBe(2 ** 48 + 1 + 4 + 9 + 16);
});
