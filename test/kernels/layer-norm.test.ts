import { describe, expect, test } from 'vitest';
import { BACKENDS, expectAsReference, input, numbers, output, runKernel, update } from './kernel-bench.ts';

const SHAPES = [0, 1, 3].flatMap((rows) => [1, 3, 4, 5, 7, 8, 12, 13, 259].map((cols) => [rows, cols]));

describe.each(BACKENDS)('layer norm, %s', (backend) => {
  test.each([
    ['layer norm', 1],
    ['RMS norm', 0],
  ])('%s gives the bits of the reference, with weight and bias or without, in place too', (_name, isCentred) => {
    for (const [rows, cols] of SHAPES) {
      const values = numbers(rows * cols).map((value) => value * 3 + 1);
      const [x, dy] = [input(values), input(numbers(rows * cols, 2))];
      const [w, b] = [input(numbers(cols, 3)), input(numbers(cols, 4))];
      const rest = [rows, cols, 1e-5, isCentred];
      for (const [weight, bias] of [
        [w, b],
        [w, 0],
        [0, 0],
      ] as const) {
        expectAsReference(backend, 'layerNorm', [output(rows * cols), x, weight, bias, ...rest]);
        const inPlace = update(values);
        expectAsReference(backend, 'layerNorm', [inPlace, inPlace, weight, bias, ...rest]);
        expectAsReference(backend, 'layerNormBackward', [output(rows * cols), dy, x, weight, ...rest]);
        const [overGradient, overInput] = [update(numbers(rows * cols, 2)), update(values)];
        expectAsReference(backend, 'layerNormBackward', [overGradient, overGradient, x, weight, ...rest]);
        expectAsReference(backend, 'layerNormBackward', [overInput, dy, overInput, weight, ...rest]);
      }
      expectAsReference(backend, 'layerNormWeightGradient', [output(cols), dy, x, ...rest, 0]);
      expectAsReference(backend, 'layerNormWeightGradient', [update(numbers(cols, 9)), dy, x, ...rest, 1]);
    }
  });

  test('a row is the same among others as alone', () => {
    const x = numbers(5 * 13, 7);
    const [all, alone] = [output(5 * 13), output(13)];
    const together = runKernel(backend, 'layerNorm', [all, input(x), 0, 0, 5, 13, 1e-5, 1]).read(all);
    const single = runKernel(backend, 'layerNorm', [alone, input(x.subarray(39, 52)), 0, 0, 1, 13, 1e-5, 1]);
    expect(together.slice(39, 52)).toEqual(single.read(alone));
  });
});

describe.each([...BACKENDS, 'reference'] as const)('layer norm by hand, %s', (backend) => {
  test('1 and 3 become -1 and 1, also a million further up; a constant row becomes 0', () => {
    const out = output(2);
    const normalize = (x: number[]) => [
      ...runKernel(backend, 'layerNorm', [out, input(x), 0, 0, 1, 2, 0, 1]).read(out),
    ];
    expect(normalize([1, 3])).toEqual([-1, 1]);
    expect(normalize([1_000_001, 1_000_003])).toEqual([-1, 1]);
    const constant = [out, input([7, 7]), 0, 0, 1, 2, 1e-5, 1];
    expect([...runKernel(backend, 'layerNorm', constant).read(out)]).toEqual([0, 0]);
  });

  test('the root mean square of 3, 3, -3, -3 is 3', () => {
    const out = output(4);
    const args = [out, input([3, 3, -3, -3]), input([1, 2, 3, 4]), 0, 1, 4, 0, 0];
    const third = Math.fround(1 / 3);
    const expected = [3, 3, -3, -3].map((x, i) => Math.fround(Math.fround(x * third) * (i + 1)));
    expect([...runKernel(backend, 'layerNorm', args).read(out)]).toEqual(expected);
  });

  test('a NaN stays in its row', () => {
    const out = output(4);
    const args = [out, input([Number.NaN, 1, 1, 3]), 0, 0, 2, 2, 0, 1];
    expect([...runKernel(backend, 'layerNorm', args).read(out)]).toEqual([Number.NaN, Number.NaN, -1, 1]);
  });
});
