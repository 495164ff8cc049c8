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
  type Tolerance,
  ulps,
  update,
} from './kernel-bench.ts';

/** The transcendental ones may differ from the rounded f64 by what vector-math.ts states, plus the half unit of that rounding. */
const ONE_TO_ONE = {
  negate: 'same bits',
  square: 'same bits',
  sqrt: 'same bits',
  relu: 'same bits',
  exp: ulps(1.6),
  log: ulps(1.5),
  tanh: ulps(2.5),
  sigmoid: ulps(3),
} as const satisfies Record<string, Tolerance>;
const TWO_TO_ONE = ['add', 'sub', 'mul', 'div', 'reluBackward', 'tanhBackward', 'sigmoidBackward'] as const;
const WITH_SCALAR = ['scale', 'addScalar'] as const;

/** Every special value against every other. */
const LEFT = SPECIAL.flatMap((a) => SPECIAL.map(() => a));
const RIGHT = SPECIAL.flatMap(() => SPECIAL);

describe.each(BACKENDS)('element-wise kernels, %s', (backend) => {
  test.each(Object.entries(ONE_TO_ONE))('%s gives the numbers of the reference', (name, tolerance) => {
    const kernel = name as keyof typeof ONE_TO_ONE;
    const inputs = [...COUNTS.map((n) => numbers(n, n + 1).map((x) => x * 8)), Float32Array.from(SPECIAL)];
    for (const x of inputs) {
      expectAsReference(backend, kernel, [output(x.length), input(x), x.length], tolerance);
      const inPlace = update(x);
      expectAsReference(backend, kernel, [inPlace, inPlace, x.length], tolerance);
    }
  });

  test.each(TWO_TO_ONE)('%s gives the bits of the reference, into either of its inputs too', (kernel) => {
    for (const n of COUNTS) {
      const [a, b] = [numbers(n, 5), numbers(n, 6)];
      expectAsReference(backend, kernel, [output(n), input(a), input(b), n]);
      const [left, right] = [update(a), update(b)];
      expectAsReference(backend, kernel, [left, left, input(b), n]);
      expectAsReference(backend, kernel, [right, input(a), right, n]);
    }
    expectAsReference(backend, kernel, [output(LEFT.length), input(LEFT), input(RIGHT), LEFT.length]);
  });

  test.each(WITH_SCALAR)('%s gives the bits of the reference', (kernel) => {
    for (const n of COUNTS) expectAsReference(backend, kernel, [output(n), input(numbers(n)), 0.1, n]);
    for (const alpha of SPECIAL) {
      expectAsReference(backend, kernel, [output(SPECIAL.length), input(SPECIAL), alpha, SPECIAL.length]);
    }
  });

  test('copy, fill and accumulate give the bits of the reference', () => {
    for (const n of COUNTS) {
      const x = input(numbers(n));
      expectAsReference(backend, 'copy', [output(n), x, n]);
      expectAsReference(backend, 'fill', [output(n), 0.1, n]);
      expectAsReference(backend, 'accumulate', [output(n), x, n, 0]);
      expectAsReference(backend, 'accumulate', [update(numbers(n, 2)), x, n, 1]);
    }
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s: ReLU and its gradient hide no NaN', (backend) => {
  const x = [Number.NaN, -1, 2, -0, 0];
  const out = output(5);
  expect([...runKernel(backend, 'relu', [out, input(x), 5]).read(out)]).toEqual([Number.NaN, 0, 2, -0, 0]);
  const backward = runKernel(backend, 'reluBackward', [out, input([3, 4, 5, 6, Number.NaN]), input(x), 5]);
  expect([...backward.read(out)]).toEqual([3, 0, 5, 0, 0]);
});
