import { describe, expect, test } from 'vitest';
import { BACKENDS, expectAsReference, input, numbers, output, runKernel, update } from './kernel-bench.ts';

/** outer, length, inner. */
const SIZES: [number, number, number][] = [
  [0, 3, 1],
  [3, 0, 1],
  ...[1, 3, 4, 5, 1027].map((length): [number, number, number] => [2, length, 1]),
  ...[0, 2, 3, 4, 5, 9].map((inner): [number, number, number] => [2, 7, inner]),
  [1, 1027, 5],
];
const FORWARD = ['softmax', 'logSoftmax'] as const;

describe.each(BACKENDS)('softmax, %s', (backend) => {
  test.each(SIZES)('of (%i, %i, %i) has the bits of the reference, in place too', (...sizes) => {
    const n = sizes[0] * sizes[1] * sizes[2];
    for (const kernel of FORWARD) {
      const x = numbers(n, 3).map((value) => value * 20);
      expectAsReference(backend, kernel, [output(n), input(x), ...sizes]);
      const inPlace = update(x);
      expectAsReference(backend, kernel, [inPlace, inPlace, ...sizes]);
      const [dy, y] = [numbers(n, 4), numbers(n, 5)];
      expectAsReference(backend, `${kernel}Backward`, [output(n), input(dy), input(y), ...sizes]);
      const [left, right] = [update(dy), update(y)];
      expectAsReference(backend, `${kernel}Backward`, [left, left, input(y), ...sizes]);
      expectAsReference(backend, `${kernel}Backward`, [right, input(dy), right, ...sizes]);
    }
  });

  test.each([
    [1, 1],
    [5, 1],
    [1027, 1],
    [6, 3],
  ])('of lines of %i, %i beside each other, is that of float64, whatever the size of the numbers', (length, inner) => {
    for (const size of [1, 100, 1e30]) {
      const x = numbers(length * inner, 6).map((value) => value * size);
      const run = (kernel: (typeof FORWARD)[number]) => {
        const out = output(x.length);
        return runKernel(backend, kernel, [out, input(x), 1, length, inner]).read(out);
      };
      const [shares, logs] = [run('softmax'), run('logSoftmax')];
      for (let j = 0; j < inner; j++) {
        const line = x.filter((_, i) => i % inner === j);
        const top = Math.max(...line);
        const total = line.reduce((sum, value) => sum + Math.exp(value - top), 0);
        line.forEach((value, i) => {
          const share = Math.exp(value - top) / total;
          // x - top loses half an ulp of itself, which the exponential makes a relative error; then its own ulp, and the sum's.
          const lost = Math.abs(value - top) * 2 ** -24;
          const sums = (4 + length / (inner === 1 ? 4 : 1)) * 2 ** -23;
          expect(Math.abs(shares[i * inner + j] - share)).toBeLessThanOrEqual(share * (lost + sums) + 2 ** -149);
          const log = value - top - Math.log(total);
          expect(Math.abs(logs[i * inner + j] - log)).toBeLessThanOrEqual(
            2 * lost + sums * 2 + Math.abs(log) * 2 ** -23,
          );
        });
      }
    }
  });

  test('a NaN in a line makes the line NaN and no other', () => {
    for (const kernel of FORWARD) {
      const nan = Number.NaN;
      const [rows, columns] = [output(6), output(6)];
      const inRows = runKernel(backend, kernel, [rows, input([0, nan, 1, 2, 3, 4]), 2, 3, 1]).read(rows);
      expect([...inRows].map(Number.isNaN)).toEqual([true, true, true, false, false, false]);
      const inColumns = runKernel(backend, kernel, [columns, input([0, nan, 1, 2, 3, 4]), 1, 3, 2]).read(columns);
      expect([...inColumns].map(Number.isNaN)).toEqual([false, true, false, true, false, true]);
    }
  });

  test('-Infinity takes no part', () => {
    const out = output(3);
    const results = runKernel(backend, 'softmax', [out, input([1, -Infinity, 1]), 1, 3, 1]).read(out);
    expect([...results]).toEqual([0.5, 0, 0.5]);
  });
});
