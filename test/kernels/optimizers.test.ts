import { describe, expect, test } from 'vitest';
import {
  type Argument,
  BACKENDS,
  COUNTS,
  expectAsReference,
  input,
  numbers,
  output,
  runKernel,
  type Span,
  update,
} from './kernel-bench.ts';

interface SgdOptions {
  momentum?: number;
  dampening?: number;
  nesterov?: number;
  weightDecay?: number;
  isFirstStep?: number;
}

/** Arrays of momentum are given only where there is one: without, the kernel must not touch address 0. */
function sgdArguments(
  n: number,
  { momentum = 0, dampening = 0, nesterov = 0, weightDecay = 0, isFirstStep = 0 }: SgdOptions,
): Argument[] {
  const arrays = [output(n), input(numbers(n, 1)), input(numbers(n, 2))];
  const states = momentum === 0 ? [0, 0] : [output(n), input(numbers(n, 3))];
  return [...arrays, ...states, n, 0.1, momentum, dampening, nesterov, weightDecay, isFirstStep];
}

function adamArguments(n: number, weightDecay: number, isDecoupled: number): Argument[] {
  const first = [output(n), input(numbers(n, 3))];
  const second = [output(n), input(numbers(n, 4).map(Math.abs))];
  const arrays = [output(n), input(numbers(n, 1)), input(numbers(n, 2)), ...first, ...second];
  return [...arrays, n, 0.001, 0.9, 0.999, 1e-8, weightDecay, isDecoupled, 1 - 0.9 ** 3, Math.sqrt(1 - 0.999 ** 3)];
}

describe.each(BACKENDS)('optimizers, %s', (backend) => {
  test.each<SgdOptions>([
    {},
    { weightDecay: 0.01 },
    { momentum: 0.9 },
    { momentum: 0.9, isFirstStep: 1 },
    { momentum: 0.9, dampening: 0.3, weightDecay: 0.01 },
    { momentum: 0.9, nesterov: 1 },
    { momentum: 0.9, nesterov: 1, isFirstStep: 1, weightDecay: 0.01 },
  ])('sgd has the bits of the reference with %j', (options) => {
    for (const n of COUNTS) expectAsReference(backend, 'sgd', sgdArguments(n, options));
  });

  test.each([
    [0, 0],
    [0.01, 0],
    [0.01, 1],
  ])('adam has the bits of the reference with weight decay %d, decoupled %i', (weightDecay, isDecoupled) => {
    for (const n of COUNTS) expectAsReference(backend, 'adam', adamArguments(n, weightDecay, isDecoupled));
  });

  test('adam may write the generation that it reads', () => {
    const n = 9;
    const [p, first, second] = [update(numbers(n, 1)), update(numbers(n, 3)), update(numbers(n, 4).map(Math.abs))];
    const numbersOfStep = [n, 0.001, 0.9, 0.999, 1e-8, 0, 0, 0.1, 0.03];
    expectAsReference(backend, 'adam', [p, p, input(numbers(n, 2)), first, first, second, second, ...numbersOfStep]);
  });
});

describe.each([...BACKENDS, 'reference'] as const)('optimizers by hand, %s', (backend) => {
  test('the first step of Adam moves each parameter by the learning rate against its gradient', () => {
    const [p, first, second] = [output(3), output(3), output(3)];
    const zeros = input([0, 0, 0]);
    const args = [p, input([1, 1, 1]), input([2, -0.5, 0]), first, zeros, second, zeros, 3];
    const run = runKernel(backend, 'adam', [...args, 0.25, 0.5, 0.75, 0, 0, 0, 0.5, 0.5]);
    // m = g/2, v = g²/4: (m / 0.5) / (√v / 0.5) is the sign of g; 0/0 without eps.
    expect([...run.read(p)]).toEqual([0.75, 1.25, Number.NaN]);
    expect([...run.read(first)]).toEqual([1, -0.25, 0]);
    expect([...run.read(second)]).toEqual([1, 0.0625, 0]);
  });

  test('SGD with momentum and Nesterov is PyTorch’s: v = μv + (1 - d)g, step g + μv', () => {
    const [p, v]: Span[] = [output(1), output(1)];
    const run = runKernel(backend, 'sgd', [p, input([1]), input([2]), v, input([4]), 1, 0.5, 0.5, 0.25, 1, 0, 0]);
    expect(run.read(v)[0]).toBe(0.5 * 4 + 0.75 * 2);
    expect(run.read(p)[0]).toBe(1 - 0.5 * (2 + 0.5 * 3.5));
  });
});
