import { describe, expect, test } from 'vitest';
import {
  BACKENDS,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  scratch,
  update,
} from './kernel-bench.ts';

const SIZES = [0, 1, 3, 4, 5, 1027];
const PAIRWISE = ['maximum', 'minimum', 'less', 'lessEqual', 'equal', 'notEqual', 'maskTrue', 'maskFalse'] as const;
const TRIPLES = ['maximumBackward', 'where'] as const;
const LEFT = SPECIAL.flatMap((a) => SPECIAL.map(() => a));
const RIGHT = SPECIAL.flatMap(() => SPECIAL);
/** Few different numbers, 0 among them, so that there are equals. */
const coarse = (n: number, seed: number): Float32Array => numbers(n, seed).map((x) => Math.round(x * 2) / 2);

describe.each(BACKENDS)('larger and smaller, %s', (backend) => {
  test.each(PAIRWISE)('%s gives the bits of the reference, into either input too', (kernel) => {
    for (const n of SIZES) {
      const [a, b] = [coarse(n, 1), coarse(n, 2)];
      expectAsReference(backend, kernel, [output(n), input(a), input(b), n]);
      const [left, right] = [update(a), update(b)];
      expectAsReference(backend, kernel, [left, left, input(b), n]);
      expectAsReference(backend, kernel, [right, input(a), right, n]);
    }
    expectAsReference(backend, kernel, [output(LEFT.length), input(LEFT), input(RIGHT), LEFT.length]);
  });

  test.each(TRIPLES)('%s gives the bits of the reference, into each input too', (kernel) => {
    for (const n of SIZES) {
      const values = [coarse(n, 1), coarse(n, 2), coarse(n, 3)];
      expectAsReference(backend, kernel, [output(n), ...values.map((x) => input(x)), n]);
      values.forEach((value, i) => {
        const inPlace = update(value);
        expectAsReference(backend, kernel, [inPlace, ...values.map((x) => input(x)).with(i, inPlace), n]);
      });
    }
    const n = LEFT.length;
    expectAsReference(backend, kernel, [output(n), input(coarse(n, 1)), input(LEFT), input(RIGHT), n]);
    expectAsReference(backend, kernel, [output(n), input(LEFT), input(RIGHT), input(coarse(n, 1)), n]);
  });

  /** [rows, extents, strides of the result], 0 along what is reduced. */
  const REDUCTIONS: [number, number[], number[]][] = [
    ...SIZES.map((n): [number, number[], number[]] => [2, [3, n], [1, 0]]),
    ...SIZES.map((n): [number, number[], number[]] => [2, [3, n], [0, 1]]),
    [2, [3, 5, 7], [7, 0, 1]],
    [2, [3, 5, 7], [0, 1, 0]],
    [3, [], []],
    [0, [4], [0]],
  ];
  test.each(REDUCTIONS)('extremes of %i rows of (%o) are the bits of the reference', (rows, extents, strides) => {
    const meta = input(Int32Array.from([...extents, ...strides]), 'i32');
    const kept = extents.reduce((product, extent, d) => product * (strides[d] === 0 ? 1 : extent), 1);
    const x = coarse(rows * extents.reduce((product, extent) => product * extent, 1), 4);
    for (const values of [x, x.map((value, i) => (i % 11 === 3 ? Number.NaN : value))]) {
      for (const isMin of [0, 1]) {
        const geometry = [rows, kept, extents.length, meta];
        const y = output(rows * kept);
        const forward = [y, input(values), isMin, ...geometry, rows * kept];
        expectAsReference(backend, 'extreme', forward);
        const found = input(runKernel('reference', 'extreme', forward).read(y));
        const dy = input(numbers(rows * kept, 5));
        const back = [output(values.length), dy, found, input(values), ...geometry, kept, scratch(4 * kept)];
        expectAsReference(backend, 'extremeBackward', back);
      }
    }
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s: the first of equals takes the whole gradient', (backend) => {
  const meta = input(Int32Array.from([2, 4, 1, 0]), 'i32');
  const x = input([1, 5, 5, 2, Number.NaN, 0, 7, Number.NaN]);
  const [y, dx] = [output(2), output(8)];
  const found = runKernel(backend, 'extreme', [y, x, 0, 1, 2, 2, meta, 2]).read(y);
  expect([...found]).toEqual([5, Number.NaN]);
  const args = [dx, input([10, 20]), input(found), x, 1, 2, 2, meta, 2, scratch(8)];
  expect([...runKernel(backend, 'extremeBackward', args).read(dx)]).toEqual([0, 10, 0, 0, 20, 0, 0, 0]);
});

test.each([...BACKENDS, 'reference'] as const)('%s: equals share the gradient of the larger of two', (backend) => {
  const dx = output(4);
  const args = [dx, input([8, 8, 8, 8]), input([1, 2, 3, Number.NaN]), input([2, 2, 2, 2]), 4];
  expect([...runKernel(backend, 'maximumBackward', args).read(dx)]).toEqual([0, 4, 8, 8]);
});
