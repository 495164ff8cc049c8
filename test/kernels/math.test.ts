// The bounds that vector-math.ts states, over every 2,039th float of all there are. Independent: our f64 functions, themselves held
// against exact arithmetic in scalar.test.ts; against an f32 their own error is nothing.
import { describe, expect, test } from 'vitest';
import { exp, log, tanh } from '#src/kernels/scalar.js';
import { BACKENDS, input, output, runKernel, ulp32 } from './kernel-bench.ts';

const logistic = (x: number): number => (x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)));
const FUNCTIONS = [
  { name: 'exp', exact: exp, bound: 1.1 },
  { name: 'log', exact: log, bound: 1 },
  { name: 'tanh', exact: tanh, bound: 2 },
  { name: 'sigmoid', exact: logistic, bound: 2.5 },
] as const;

/** Floats by their bits: all exponents, both signs, infinities and NaNs among them. */
const STEP = 2039;
const EVERYTHING = new Float32Array(
  Uint32Array.from({ length: Math.ceil(2 ** 32 / 256 / STEP) * 256 }, (_, i) => i * STEP).buffer,
);

describe.each(BACKENDS)('transcendental kernels, %s', (backend) => {
  test.each(FUNCTIONS)('$name is within $bound ulp wherever its result is a number', ({ name, exact, bound }) => {
    const out = output(EVERYTHING.length);
    const results = runKernel(backend, name, [out, input(EVERYTHING), EVERYTHING.length]).read(out);
    const wrong = EVERYTHING.findIndex((x, i) => !isWithin(results[i], exact(x), bound));
    expect(wrong, `${name}(${EVERYTHING[wrong]}) = ${results[wrong]}, not ${exact(EVERYTHING[wrong])}`).toBe(-1);
  });

  test('the ends, the zeros and NaN are what they should be', () => {
    const results = (name: 'exp' | 'log' | 'tanh' | 'sigmoid', x: number[]): number[] => {
      const out = output(x.length);
      return [...runKernel(backend, name, [out, input(x), x.length]).read(out)];
    };
    expect(results('exp', [0, -0, Infinity, -Infinity, 89, -104, Number.NaN])).toEqual([
      1,
      1,
      Infinity,
      0,
      Infinity,
      0,
      Number.NaN,
    ]);
    expect(results('log', [1, 0, -0, -1, Infinity, Number.NaN])).toEqual([
      0,
      -Infinity,
      -Infinity,
      Number.NaN,
      Infinity,
      Number.NaN,
    ]);
    expect(results('tanh', [0, -0, Infinity, -Infinity, Number.NaN])).toEqual([0, -0, 1, -1, Number.NaN]);
    expect(results('sigmoid', [0, -0, Infinity, -Infinity, Number.NaN])).toEqual([0.5, 0.5, 1, 0, Number.NaN]);
  });
});

function isWithin(actual: number, exact: number, bound: number): boolean {
  const rounded = Math.fround(exact);
  if (!Number.isFinite(rounded)) return Object.is(actual, rounded) || Math.abs(actual - exact) <= bound * ulp32(3e38);
  return Math.abs(actual - exact) <= bound * ulp32(exact);
}
