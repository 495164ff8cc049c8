import { describe, expect, test } from 'vitest';
import type { KernelName } from '#src/kernels/kernel-set.js';
import { erf64, normal64 } from './erf64.ts';
import {
  type Argument,
  BACKENDS,
  COUNTS,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  SPECIAL,
  ulp32,
  update,
} from './kernel-bench.ts';

const SIZES = [...COUNTS, 1027];
const infinity = Infinity;
const bounds = (low: number, high: number) => input([low, high]);

/** Kernel → its settings between the tensors and the count, several where they matter. */
const FORWARD: [KernelName, Argument[][]][] = [
  ['erf', [[]]],
  ['gelu', [[]]],
  ['geluTanh', [[]]],
  ['silu', [[]]],
  ['softplus', [[]]],
  ['softsign', [[]]],
  ['mish', [[]]],
  [
    'elu',
    [
      [1, 0.7],
      [1.05, 1.76],
    ],
  ],
  ['abs', [[]]],
  ['reciprocal', [[]]],
  ['hardswish', [[]]],
  ['hardsigmoid', [[]]],
  ['leakyRelu', [[0.1]]],
  ['clamp', [[bounds(-0.5, 0.7)], [bounds(-infinity, 0)], [bounds(1, -1)]]],
  ['pow', [[0], [1], [2], [3], [-1], [-7], [0.5], [-2.3], [33], [2 ** 20], [2 ** 20 + 1], [-(2 ** 21)]]],
];
const BACKWARD: [KernelName, Argument[][]][] = FORWARD.filter(([name]) => name !== 'erf').map(([name, settings]) => [
  `${name}Backward` as KernelName,
  settings,
]);

const WITH_SLOPE = [
  ['geluWithSlope', 'gelu'],
  ['geluTanhWithSlope', 'geluTanh'],
] as const;

/** Every special value against every other. */
const LEFT = SPECIAL.flatMap((a) => SPECIAL.map(() => a));
const RIGHT = SPECIAL.flatMap(() => SPECIAL);

describe.each(BACKENDS)('activations, %s', (backend) => {
  test.each(FORWARD)('%s gives the bits of the reference, over its input too', (kernel, settings) => {
    for (const setting of settings) {
      for (const n of SIZES) {
        const x = numbers(n, n + 1).map((value) => value * 8);
        expectAsReference(backend, kernel, [output(n), input(x), ...setting, n]);
        const inPlace = update(x);
        expectAsReference(backend, kernel, [inPlace, inPlace, ...setting, n]);
      }
      const special = input(SPECIAL);
      expectAsReference(backend, kernel, [output(SPECIAL.length), special, ...setting, SPECIAL.length]);
      const wide = numbers(1027, 3).map((value) => value * 200);
      expectAsReference(backend, kernel, [output(1027), input(wide), ...setting, 1027]);
    }
  });

  test.each(BACKWARD)('%s gives the bits of the reference, over either input too', (kernel, settings) => {
    for (const setting of settings) {
      for (const n of SIZES) {
        const [dy, x] = [numbers(n, 5), numbers(n, 6).map((value) => value * 8)];
        expectAsReference(backend, kernel, [output(n), input(dy), input(x), ...setting, n]);
        const [left, right] = [update(dy), update(x)];
        expectAsReference(backend, kernel, [left, left, input(x), ...setting, n]);
        expectAsReference(backend, kernel, [right, input(dy), right, ...setting, n]);
      }
      expectAsReference(backend, kernel, [output(LEFT.length), input(LEFT), input(RIGHT), ...setting, LEFT.length]);
    }
  });

  test.each(WITH_SLOPE)('%s gives the bits of %s and of its gradient, over its input too', (kernel, plain) => {
    const check = (x: ArrayLike<number>): void => {
      const n = x.length;
      const [out, slopes, inPlace] = [output(n), output(n), update(x)];
      expectAsReference(backend, kernel, [out, slopes, input(x), n]);
      const run = runKernel(backend, kernel, [inPlace, slopes, inPlace, n]);
      expect(run.read(inPlace)).toEqual(runKernel(backend, plain, [out, input(x), n]).read(out));
      const gradient = runKernel(backend, `${plain}Backward`, [out, input(new Float32Array(n).fill(1)), input(x), n]);
      expect(run.read(slopes)).toEqual(gradient.read(out));
    };
    for (const n of [...SIZES, 4099]) check(numbers(n, n + 2).map((value) => value * 8));
    check(SPECIAL);
    check(numbers(1027, 4).map((value) => value * 200));
  });

  test.each(FORWARD)('%s hides no NaN', (kernel, settings) => {
    const isOne = (setting: Argument[]): boolean => kernel === 'pow' && setting[0] === 0;
    for (const setting of settings.filter((one) => !isOne(one))) {
      const out = output(5);
      const x = input([1, 1, 1, Number.NaN, Number.NaN]);
      const results = [...runKernel(backend, kernel, [out, x, ...setting, 5]).read(out)];
      expect(results.map(Number.isNaN)).toEqual([false, false, false, true, true]);
    }
  });
});

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const expPower = (x: number): number => Math.exp(-Math.abs(x));
function mish64(x: number): number {
  const u = expPower(x);
  return x < 0 ? (x * (u * u + 2 * u)) / (u * u + 2 * u + 2) : (x * (1 + 2 * u)) / (1 + 2 * u + 2 * u * u);
}

/** Below -87 e^x is subnormal, and its rounding is multiplied by x. */
const SUBNORMAL = 2 ** -148;

/** What each kernel's file or op states, in ulps of the exact result. */
const BOUNDS: {
  name: KernelName;
  settings?: number[];
  exact: (x: number) => number;
  ulps: number;
  absolute?: number;
}[] = [
  { name: 'erf', exact: erf64, ulps: 1.5 },
  { name: 'gelu', exact: (x) => x * normal64(x), ulps: 8 },
  // Below 0 the argument of the exponential is large, and its rounding with it; beyond, 1 + tanh itself would be 0.
  {
    name: 'geluTanh',
    exact: (x) => x * logistic(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)),
    ulps: 4,
    absolute: 2 ** -22,
  },
  { name: 'silu', exact: (x) => x * logistic(x), ulps: 5, absolute: SUBNORMAL },
  { name: 'softplus', exact: (x) => Math.max(x, 0) + Math.log1p(expPower(x)), ulps: 3 },
  { name: 'softsign', exact: (x) => x / (1 + Math.abs(x)), ulps: 1.5 },
  { name: 'mish', exact: mish64, ulps: 5, absolute: SUBNORMAL },
  { name: 'elu', settings: [1, 1], exact: (x) => (x > 0 ? x : Math.expm1(x)), ulps: 2 },
  { name: 'pow', settings: [1.7], exact: (x) => x ** 1.7, ulps: 0.51 },
  { name: 'pow', settings: [-0.3], exact: (x) => x ** -0.3, ulps: 0.51 },
  { name: 'pow', settings: [-5], exact: (x) => x ** -5, ulps: 0.51 },
  { name: 'pow', settings: [1_048_575], exact: (x) => x ** 1_048_575, ulps: 0.51 },
];

/** Floats of every size from 2^-60 to 100, both signs, and close to 1. */
const EVERYTHING = Float32Array.from([
  ...numbers(40_000, 9).map((x, i) => x * 2 ** -(i % 60)),
  ...numbers(60_000, 10).map((x) => x * 14),
  ...numbers(20_000, 11).map((x) => x * 100),
  ...numbers(20_000, 12).map((x) => 1 + x * 1e-5),
]);

describe.each(BACKENDS)('activations against float64, %s', (backend) => {
  test.each(BOUNDS)('$name $settings is within $ulps ulp', ({ name, settings = [], exact, ulps, absolute = 0 }) => {
    const out = output(EVERYTHING.length);
    const results = runKernel(backend, name, [out, input(EVERYTHING), ...settings, EVERYTHING.length]).read(out);
    let worst = 0;
    EVERYTHING.forEach((x, i) => {
      const expected = exact(x);
      if (Object.is(Math.fround(expected), results[i])) return;
      const allowedBesides = x < 0 ? absolute * Math.abs(x) : 0;
      const error = Math.max(0, Math.abs(results[i] - expected) - allowedBesides) / ulp32(expected);
      worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
    });
    expect(worst).toBeLessThanOrEqual(ulps);
  });
});

test.each([...BACKENDS, 'reference'] as const)('%s: activations at hand-worked places', (backend) => {
  const at = (kernel: KernelName, x: number[], ...settings: Argument[]): number[] => {
    const out = output(x.length);
    return [...runKernel(backend, kernel, [out, input(x), ...settings, x.length]).read(out)];
  };
  expect(at('hardswish', [-4, -3, 0, 3, 5])).toEqual([-0, -0, 0, 3, 5]);
  expect(at('hardsigmoid', [-4, -3, 0, 3, 5])).toEqual([0, 0, 0.5, 1, 1]);
  expect(at('leakyRelu', [-2, 0, 3], 0.5)).toEqual([-1, 0, 3]);
  expect(at('clamp', [-9, 0.25, 9, infinity], bounds(-1, 2))).toEqual([-1, 0.25, 2, 2]);
  expect(at('clamp', [-infinity, infinity], bounds(-infinity, 2))).toEqual([-infinity, 2]);
  expect(at('pow', [-2, 0, 3], 3)).toEqual([-8, 0, 27]);
  expect(at('pow', [-2, 4, 0], -2)).toEqual([0.25, 0.0625, infinity]);
  expect(at('pow', [-2, 4, 0, infinity], 0.5)).toEqual([Number.NaN, 2, 0, infinity]);
  expect(at('pow', [0, Number.NaN], 0)).toEqual([1, 1]);
  expect(at('softplus', [20, 1000, -1000])).toEqual([20, 1000, 0]);
  expect(at('softsign', [-3, 0, 1, infinity])).toEqual([-0.75, 0, 0.5, Number.NaN]);
  expect(at('gelu', [0, 20, -20])).toEqual([0, 20, -0]);
  expect(at('mish', [0, 100, -200])).toEqual([0, 100, -0]);
  expect(at('erf', [0, -0, infinity, -infinity])).toEqual([0, -0, 1, -1]);
});
