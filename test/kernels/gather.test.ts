import { describe, expect, test } from 'vitest';
import { BACKENDS, COUNTS, expectAsReference, input, numbers, output, runKernel, update } from './kernel-bench.ts';

const SAMPLES = 40;
const idsOf = (rows: number) =>
  input(
    Uint32Array.from({ length: rows }, (_, r) => (r * 11) % SAMPLES),
    'u32',
  );
const bytesOf = (n: number) =>
  input(
    Uint8Array.from({ length: n }, (_, i) => i * 37),
    'u8',
  );

describe.each(BACKENDS)('gathering, %s', (backend) => {
  test('rows of bytes, floats and labels are those of the ids, for each width', () => {
    for (const rows of [0, 1, 5]) {
      for (const cols of [1, 3, 7, 8, 9, 16, 65, 784]) {
        const [ids, n] = [idsOf(rows), SAMPLES * cols];
        expectAsReference(backend, 'gatherBytes', [output(rows * cols), bytesOf(n), ids, rows, cols, 255]);
        expectAsReference(backend, 'gatherBytes', [output(rows * cols), bytesOf(n), ids, rows, cols, 0.1]);
        expectAsReference(backend, 'gatherFloats', [output(rows * cols), input(numbers(n)), ids, rows, cols]);
      }
      expectAsReference(backend, 'gatherByteLabels', [output(rows, 'i32'), bytesOf(SAMPLES), idsOf(rows), rows]);
      const labels = input(
        Int32Array.from({ length: SAMPLES }, (_, i) => i * 1000 - 7),
        'i32',
      );
      expectAsReference(backend, 'gatherIntLabels', [output(rows, 'i32'), labels, idsOf(rows), rows]);
    }
  });

  test('gatherLabelRows takes the labels of each id, bytes or words', () => {
    for (const cols of [1, 3, 4, 5, 17]) {
      const count = SAMPLES * cols;
      const bytes = input(
        Uint8Array.from({ length: count }, (_, i) => (i * 37) % 256),
        'u8',
      );
      // -100 and its neighbours are NaNs to who reads them as floats.
      const words = input(
        Int32Array.from({ length: count }, (_, i) => (i % 3) - 101),
        'i32',
      );
      for (const rows of COUNTS.filter((rows) => rows < 100)) {
        const out = () => output(rows * cols, 'i32');
        expectAsReference(backend, 'gatherLabelRows', [out(), bytes, idsOf(rows), rows, cols, 1]);
        expectAsReference(backend, 'gatherLabelRows', [out(), words, idsOf(rows), rows, cols, 4]);
      }
    }
  });

  test('standardizeChannels takes the mean of each channel off and divides by its deviation', () => {
    for (const channels of [1, 3, 4]) {
      for (const area of [1, 3, 4, 5, 64, 65]) {
        const [means, deviations] = [input(numbers(channels, 3)), input(numbers(channels, 4).map((x) => 0.3 + x * x))];
        const x = update(numbers(2 * channels * area));
        expectAsReference(backend, 'standardizeChannels', [x, 2, channels, area, means, deviations]);
      }
    }
  });

  test('uniform gives the words of Philox, for any count', () => {
    for (const n of COUNTS) {
      expectAsReference(backend, 'uniform', [output(n), n, 0xdeadbeef, 0xffffffff, 0, 0xfffffffe, 3, -0.25, 0.75]);
    }
  });

  test('uniform stays in its half-open interval', () => {
    const out = output(10_007);
    const values = [...runKernel(backend, 'uniform', [out, 10_007, 1, 2, 3, 4, 5, -0.25, 0.75]).read(out)];
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.25);
    expect(Math.max(...values)).toBeLessThan(0.75);
  });
});

/** [what, rows, row stride, extents, strides]; stride 0 broadcasts. */
const VIEWS: [string, number, number, number[], number[]][] = [
  ['a copy', 3, 20, [20], [1]],
  ['no extents', 3, 1, [], []],
  ['a transposed matrix', 3, 35, [7, 5], [1, 7]],
  ['a broadcast row', 2, 0, [4, 9], [0, 1]],
  ['a broadcast column', 2, 4, [4, 9], [1, 0]],
  ['one of three axes in the middle', 2, 21, [3, 5, 7], [7, 0, 1]],
  ['an empty extent', 2, 6, [0, 6], [6, 1]],
  ['no rows', 0, 6, [6], [1]],
];

describe.each(BACKENDS)('strided views, %s', (backend) => {
  test.each(VIEWS)('%s is copied and summed as the reference does', (_what, rows, stride, extents, strides) => {
    const meta = input(Int32Array.from([...extents, ...strides]), 'i32');
    const dense = rows * extents.reduce((product, extent) => product * extent, 1);
    const elements =
      1 + Math.max(0, rows - 1) * stride + extents.reduce((sum, e, d) => sum + Math.max(0, e - 1) * strides[d], 0);
    const rank = extents.length;
    expectAsReference(backend, 'copyStrided', [output(dense), input(numbers(elements)), rows, stride, rank, meta]);
    for (const accumulate of [0, 1]) {
      const out = update(numbers(elements, 4));
      const x = input(numbers(dense, 5));
      expectAsReference(backend, 'sumStrided', [out, x, rows, stride, rank, meta, accumulate, elements]);
    }
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s transposes 2 × 3 by hand, and sums its columns', (backend) => {
  const matrix = input([1, 2, 3, 4, 5, 6]);
  const [transposed, sums] = [output(6), output(3)];
  const transpose = [transposed, matrix, 1, 0, 2, input([3, 2, 1, 3], 'i32')];
  expect([...runKernel(backend, 'copyStrided', transpose).read(transposed)]).toEqual([1, 4, 2, 5, 3, 6]);
  const sum = [sums, matrix, 1, 0, 2, input([2, 3, 0, 1], 'i32'), 0, 3];
  expect([...runKernel(backend, 'sumStrided', sum).read(sums)]).toEqual([5, 7, 9]);
});
