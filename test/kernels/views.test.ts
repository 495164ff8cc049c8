import { describe, expect, test } from 'vitest';
import { BACKENDS, expectAsReference, input, numbers, output, runKernel, update } from './kernel-bench.ts';

/** [what, rows, row stride, offset, extents, strides]. */
const VIEWS: [string, number, number, number, number[], number[]][] = [
  ...[0, 1, 3, 4, 5, 1027].map((n): [string, number, number, number, number[], number[]] => [
    `${n} in a row`,
    3,
    n + 2,
    1,
    [n],
    [1],
  ]),
  ['a transposed matrix', 3, 35, 0, [7, 5], [1, 7]],
  ['a window', 2, 100, 23, [4, 5], [10, 1]],
  ['every second, backwards', 2, 10, 9, [5], [-2]],
  ['three axes', 2, 120, 4, [3, 2, 5], [40, 10, 1]],
  ['no rows', 0, 6, 0, [6], [1]],
  ['an empty extent', 2, 6, 0, [0, 6], [6, 1]],
];

describe.each(BACKENDS)('views, %s', (backend) => {
  test.each(VIEWS)('%s is copied out and in as the reference does', (_what, rows, stride, offset, extents, strides) => {
    const meta = input(Int32Array.from([...extents, ...strides]), 'i32');
    const dense = rows * extents.reduce((product, extent) => product * extent, 1);
    const whole = Math.max(1, rows) * stride;
    const x = input(numbers(whole));
    const rest = [rows, stride, extents.length, meta];
    expectAsReference(backend, 'copyFromView', [output(dense), x, offset, ...rest]);
    expectAsReference(backend, 'copyToView', [update(numbers(whole, 2)), offset, input(numbers(dense)), ...rest]);
  });

  test.each([0, 1, 3, 4, 5, 1027])('rows of %i are picked and added back as the reference does', (width) => {
    const ids = input(Int32Array.from([2, 0, 2, -1, 3, 4]), 'i32');
    const [table, taken] = [input(numbers(3 * width)), input(numbers(6 * width, 4))];
    expectAsReference(backend, 'takeRows', [output(6 * width), ids, table, 1, 0, 0, 6, 3, width]);
    for (const accumulate of [0, 1]) {
      const out = update(numbers(3 * width, 3));
      const sizes = [1, 0, 0, 6, 3, width, accumulate, 3 * width];
      expectAsReference(backend, 'sumTakenRows', [out, ids, taken, ...sizes]);
    }
    const two = input(numbers(2 * 3 * width));
    expectAsReference(backend, 'takeRows', [output(4 * width), ids, two, 2, 0, 3 * width, 2, 3, width]);
    const back = [2, 0, 3 * width, 2, 3, width, 0, 6 * width];
    expectAsReference(backend, 'sumTakenRows', [output(6 * width), ids, input(numbers(4 * width)), ...back]);
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s: an id that is no row gives NaN and adds nothing', (backend) => {
  const ids = input(Int32Array.from([1, -1, 2, 2 ** 31 - 1, 0]), 'i32');
  const out = output(10);
  const taken = runKernel(backend, 'takeRows', [out, ids, input([1, 2, 3, 4]), 1, 0, 0, 5, 2, 2]).read(out);
  const nan = Number.NaN;
  expect([...taken]).toEqual([3, 4, nan, nan, nan, nan, nan, nan, 1, 2]);
  const sums = output(4);
  const x = input([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const added = runKernel(backend, 'sumTakenRows', [sums, ids, x, 1, 0, 0, 5, 2, 2, 0, 4]).read(sums);
  expect([...added]).toEqual([9, 10, 1, 2]);
});
