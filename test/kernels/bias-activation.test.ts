import { describe, expect, test } from 'vitest';
import { gemmScratchBytes } from '#src/kernels/gemm-scratch.js';
import {
  BACKENDS,
  expectAsReference,
  input,
  numbers,
  runKernel,
  SPECIAL,
  scratch,
  ulps,
  update,
} from './kernel-bench.ts';

describe.each(BACKENDS)('biasActivation, %s', (backend) => {
  test.each([0, 1, 2, 3])('gives activation %i of the sum as the reference does, rows apart or not', (activation) => {
    for (const [m, n] of [
      [0, 3],
      [1, 1],
      [2, 3],
      [3, 4],
      [5, 5],
      [7, 1031],
    ]) {
      for (const gap of [0, 3]) {
        for (const bias of [0, input(numbers(n, 7))]) {
          const c = update(numbers(m * (n + gap), 3));
          expectAsReference(
            backend,
            'biasActivation',
            [c, m, n, n + gap, bias, activation],
            activation < 2 ? 'same bits' : ulps(3),
          );
        }
      }
    }
  });

  // The oracle is gemm without terms, whose epilogue is one of its own: a product may go through either.
  test.each([0, 1, 2, 3])('gives the bits of gemm for activation %i', (activation) => {
    const [m, n] = [3, 13];
    for (const bias of [0, input(numbers(n, 5))]) {
      const [own, by] = [update(numbers(m * n, 9)), update(numbers(m * n, 9))];
      const none = [0, 0, 0, 0, n];
      const args = [0, 0, m, n, ...none, by, n, 1, bias, activation, scratch(gemmScratchBytes(m, n, 0))];
      const expected = runKernel(backend, 'gemm', args).read(by);
      expect(runKernel(backend, 'biasActivation', [own, m, n, n, bias, activation]).read(own)).toEqual(expected);
    }
  });

  test('keeps -0 and NaN as relu does', () => {
    const c = update(SPECIAL);
    expectAsReference(backend, 'biasActivation', [c, 1, SPECIAL.length, SPECIAL.length, 0, 1]);
  });
});
