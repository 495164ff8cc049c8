// The optimizers beside sgd and adam, clipping by value and averaging: bit for bit against the reference.
import { describe, expect, test } from 'vitest';
import type { KernelName } from '#src/kernels/kernel-set.js';
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
  update,
} from './kernel-bench.ts';

/** New and old parameters, a gradient, then new and old of each state; those marked are never negative. */
function arraysOf(n: number, states: readonly ('any' | 'positive')[]): Argument[] {
  const old = states.map((sign, i) => {
    const values = numbers(n, 3 + i);
    return sign === 'positive' ? values.map(Math.abs) : values;
  });
  return [
    output(n),
    input(numbers(n, 1)),
    input(numbers(n, 2)),
    ...old.flatMap((values) => [output(n), input(values)]),
    n,
  ];
}

const MOMENTS = ['any', 'positive'] as const;

const CASES: [string, KernelName, (n: number) => Argument[]][] = [
  ['amsgrad', 'amsgrad', (n) => [...arraysOf(n, [...MOMENTS, 'positive']), 0.01, 0.9, 0.999, 1e-8, 0, 1]],
  ['amsgrad, decay', 'amsgrad', (n) => [...arraysOf(n, [...MOMENTS, 'positive']), 0.01, 0.9, 0.999, 1e-8, 0.1, 1]],
  ['amsgrad, shrink', 'amsgrad', (n) => [...arraysOf(n, [...MOMENTS, 'positive']), 0.01, 0.9, 0.99, 0.1, 0, 0.999]],
  ['nadam', 'nadam', (n) => [...arraysOf(n, MOMENTS), 0.01, 0.005, 0.9, 0.999, 1e-8, 0, 0.3]],
  ['nadam, decay', 'nadam', (n) => [...arraysOf(n, MOMENTS), 0.01, 0.005, 0.9, 0.999, 1e-8, 0.1, 0.3]],
  ['radam', 'radam', (n) => [...arraysOf(n, MOMENTS), 0.01, 0.9, 0.999, 1e-8, 0, 0]],
  ['radam, rectified, decay', 'radam', (n) => [...arraysOf(n, MOMENTS), 0.01, 0.9, 0.999, 1e-8, 0.1, 1]],
  ['lamb', 'lamb', (n) => [...arraysOf(n, MOMENTS), 0.01, 0.9, 0.999, 1e-6, 0.01, 0.19, 0.3]],
  ['lamb without decay or eps', 'lamb', (n) => [...arraysOf(n, MOMENTS), 0.01, 0.9, 0.999, 0, 0, 0.19, 0.3]],
  ['rmsprop', 'rmsprop', (n) => rmspropArguments(n, false, 0, 0)],
  ['rmsprop, momentum, decay', 'rmsprop', (n) => rmspropArguments(n, false, 0.9, 0.1)],
  ['rmsprop, centered', 'rmsprop', (n) => rmspropArguments(n, true, 0, 0)],
  ['rmsprop, centered, momentum', 'rmsprop', (n) => rmspropArguments(n, true, 0.9, 0)],
  ['adagrad', 'adagrad', (n) => [...arraysOf(n, ['positive']), 0.1, 1e-10, 0]],
  ['adagrad, decay', 'adagrad', (n) => [...arraysOf(n, ['positive']), 0.1, 1e-10, 0.1]],
  ['lion', 'lion', (n) => [...arraysOf(n, ['any']), 0.01, 0.9, 0.99, 0]],
  ['lion, decay', 'lion', (n) => [...arraysOf(n, ['any']), 0.01, 0.9, 0.99, 0.1]],
  ['movingAverage', 'movingAverage', (n) => [output(n), input(numbers(n, 1)), input(numbers(n, 2)), n, 0.999]],
  [
    'movingAverage, most of it new',
    'movingAverage',
    (n) => [output(n), input(numbers(n, 1)), input(numbers(n, 2)), n, 0.3],
  ],
];

/** States that there are none of are at address 0, which the kernel must not touch. */
function rmspropArguments(n: number, isCentered: boolean, momentum: number, weightDecay: number): Argument[] {
  const mean = isCentered ? [output(n), input(numbers(n, 4))] : [0, 0];
  const velocity = momentum === 0 ? [0, 0] : [output(n), input(numbers(n, 5))];
  return [
    ...arraysOf(n, ['positive']).slice(0, 5),
    ...mean,
    ...velocity,
    ...[n, 0.01, 0.9, 1e-8, momentum, weightDecay, isCentered ? 1 : 0],
  ];
}

describe.each(BACKENDS)('%s', (backend) => {
  test.each(CASES)('%s has the bits of the reference', (_, kernel, argumentsOf) => {
    for (const n of COUNTS) expectAsReference(backend, kernel, argumentsOf(n));
  });

  test('movingAverage leaves the average of a constant where it is, and is the new value for decay 0', () => {
    const [average, constant] = [numbers(101, 1), numbers(101, 2)];
    const next = (from: Float32Array, decay: number): unknown => {
      const out = output(101);
      return runKernel(backend, 'movingAverage', [out, input(from), input(constant), 101, decay]).read(out);
    };
    for (const decay of [0.3, 0.9, 0.999, 0.9999, 0.99999]) expect(next(constant, decay)).toEqual(constant);
    expect(next(average, 0)).toEqual(constant);
  });

  test('clampSquareSum has the bits and the sum of the reference', () => {
    for (const n of COUNTS) {
      const args = [update(numbers(n, 1)), 0.3, n];
      expectAsReference(backend, 'clampSquareSum', args);
      expect(runKernel(backend, 'clampSquareSum', args).result).toBe(
        runKernel('reference', 'clampSquareSum', args).result,
      );
    }
    expectAsReference(backend, 'clampSquareSum', [update(SPECIAL), 0.3, SPECIAL.length]);
  });
});

describe.each([...BACKENDS, 'reference'] as const)('by hand, %s', (backend) => {
  test('clampSquareSum clamps to both sides and sums the squares of what is left', () => {
    const x = update([0.25, -3, 2, -0.5, 1]);
    const run = runKernel(backend, 'clampSquareSum', [x, 1, 5]);
    expect([...run.read(x)]).toEqual([0.25, -1, 1, -0.5, 1]);
    expect(run.result).toBe(0.0625 + 1 + 1 + 0.25 + 1);
  });

  test('lamb takes a step as long as lr times the norm of the parameters', () => {
    // m = g/2 and v = g²/4 from nothing, corrections 1/2: u = (g / |g|) = (1, -1), |u| = √2; |p| = 5.
    const [p, m, v] = [output(2), output(2), output(2)];
    const zeros = input([0, 0]);
    const args = [p, input([3, 4]), input([2, -0.5]), m, zeros, v, zeros, 2, 0.5, 0.5, 0.75, 0, 0, 0.5, 0.5];
    const step = Math.fround((0.5 * 5) / Math.sqrt(2));
    expect([...runKernel(backend, 'lamb', args).read(p)]).toEqual([3 - step, 4 + step].map(Math.fround));
  });

  test('lamb’s trust ratio is 1 where the parameters or the update are 0', () => {
    const [p, m, v] = [output(2), output(2), output(2)];
    const zeros = input([0, 0]);
    const rest = [m, zeros, v, zeros, 2, 0.5, 0.5, 0.75, 1, 0, 0.5, 0.5];
    // v = g²/4, √v / 0.5 = 1, + eps 1: u = 1 / 2.
    expect([...runKernel(backend, 'lamb', [p, zeros, input([1, -1]), ...rest]).read(p)]).toEqual([-0.25, 0.25]);
    expect([...runKernel(backend, 'lamb', [p, input([3, 4]), zeros, ...rest]).read(p)]).toEqual([3, 4]);
  });

  test('lion moves by lr against the sign of the mixture, and not at all at 0', () => {
    const [p, m] = [output(3), output(3)];
    const args = [p, input([1, 1, 1]), input([1, -4, 0]), m, input([-2, 4, 0]), 3, 0.25, 0.5, 0.75, 0.5];
    const run = runKernel(backend, 'lion', args);
    // c = 0.5 m + 0.5 g = -0.5, 0, 0; p · (1 - 0.25 · 0.5) first; m = 0.75 m + 0.25 g.
    expect([...run.read(p)]).toEqual([1.125, 0.875, 0.875]);
    expect([...run.read(m)]).toEqual([-1.25, 2, 0]);
  });
});
