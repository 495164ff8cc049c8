import { describe, expect, it } from 'vitest';
import { METHODS } from '#src/eager/methods.js';
import { gradCheck, type Tensor, tensor, uniform } from '#src/index.js';
import { expectClose } from '../plan/expect-close.ts';
import { METHOD_CASES, type MethodCase } from './method-cases.ts';

const CASES = METHOD_CASES.map((one) => [one.method, one.title, one] as const);

function makeInputs({ shapes, range: [low, high] = [-2, 2] }: MethodCase, requiresGrad: boolean): Tensor[] {
  return shapes.map((shape, i) => uniform(shape, { seed: i + 1, low, high, requiresGrad }));
}

/** Different weights, so that no two elements of the result may be exchanged. */
const weightOf = (i: number): number => 0.5 + ((i * 5) % 7) / 4;

function weightedSum(result: Tensor): Tensor {
  const weights = Float32Array.from({ length: result.size }, (_, i) => weightOf(i));
  return result.mul(tensor(weights, { shape: result.shape })).sum();
}

/** The derivative of the weighted sum by one number, in float64: central differences of order 4. */
function exactGradient({ exact }: MethodCase, numbers: number[][], input: number, index: number): number {
  const h = 1e-3;
  const at = (offset: number): number => {
    const moved = numbers.with(input, numbers[input].with(index, numbers[input][index] + offset));
    return exact(...moved).reduce((sum, value, i) => sum + value * weightOf(i), 0);
  };
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

describe('the methods of a tensor', () => {
  it('all stand in the table of cases', () => {
    expect([...new Set(METHOD_CASES.map(({ method }) => method))].sort()).toEqual(Object.keys(METHODS).sort());
  });

  it.each(CASES)('%s %s: the numbers are those of float64', (_method, _title, one) => {
    const inputs = makeInputs(one, false);
    const expected = one.exact(...inputs.map((input) => Array.from(input.data())));
    // A handful of float32 roundings a number.
    expectClose(one.apply(...inputs).data(), expected, { relative: 1e-6, ofLargest: 1e-6 });
  });

  it.each(CASES)('%s %s: the gradients are the central differences of float64', (_method, _title, one) => {
    const inputs = makeInputs(one, true);
    const numbers = inputs.map((input) => Array.from(input.data()));
    weightedSum(one.apply(...inputs)).backward();
    inputs.forEach((input, i) => {
      const expected = numbers[i].map((_, index) => exactGradient(one, numbers, i, index));
      expect(input.grad?.shape).toEqual(input.shape);
      // The differences are exact to about 1e-10, the gradients to some float32 roundings.
      expectClose(input.grad!.data(), expected, { relative: 2e-6, ofLargest: 2e-6 });
    });
  });

  it.each(CASES)('%s %s: gradCheck finds the gradients right', (_method, _title, one) => {
    const inputs = makeInputs(one, false);
    // Sums of up to 15 numbers below 12: float32 tells slopes of them to about 1e-3.
    const { passed, checked } = gradCheck((...own) => weightedSum(one.apply(...own)), inputs, { tolerance: 1e-2 });
    expect([passed, checked]).toEqual([true, inputs.reduce((sum, { size }) => sum + size, 0)]);
  });
});

describe('a method', () => {
  const [a, b] = [tensor([[1, 2, 3]]), tensor([1, 2])];
  it.each<[string, () => unknown]>([
    [
      'add: expected shapes that broadcast, got (1,3) and (2); aligned at the right, axes must be equal or 1',
      () => a.add(b),
    ],
    ['matmul: expected factors of shapes (…,k) and (k,n), got (1,3) and (1,3); reshape one of them', () => a.matmul(a)],
    ['matmul: expected factors of shapes (…,k) and (k), got (1,3) and (2); reshape one of them', () => a.matmul(b)],
    ['sum: expected different axes from -2 to 1 of shape (1,3), got (2); name each axis once', () => a.sum(2)],
    [
      'reshape: expected a shape of 3 elements, as (1,3) has, got (2,1) with 2; change one of the two',
      () => a.reshape([2, -1]),
    ],
    ['reshape: expected whole lengths, at most one of them -1, got (-1,-1); correct them', () => a.reshape([-1, -1])],
    [
      'broadcastTo: expected shapes that broadcast, got (1,3) and (3,2); aligned at the right, axes must be equal or 1',
      () => a.broadcastTo([3, 2]),
    ],
    ['pow: expected a finite exponent, got NaN; give a number', () => a.pow(Number.NaN)],
    ['sum: expected different axes from -2 to 1 of shape (1,3), got (0.5); name each axis once', () => a.sum(0.5)],
    ['softmax: expected an axis from -2 to 1 of shape (1,3), got 2; name an axis it has', () => a.softmax(2)],
    ['mul: expected a tensor or a number, got string; make one with tensor(…)', () => a.mul('2' as unknown as number)],
  ])('says at once: %s', (message, call) => {
    expect(call).toThrow(message);
  });

  it('rounds a number to float32 before it computes with it', () => {
    // 0.1 in float32 is 0.100000001490116…; the sum with 0 is exact.
    expect(tensor(0).add(0.1).item()).toBe(Math.fround(0.1));
    // In float64 the difference would not be 0.
    expect(tensor(0.1).sub(0.1).item()).toBe(0);
  });

  it('computes a chain of twenty thousand ops', () => {
    let x = tensor([1], { requiresGrad: true });
    const first = x;
    for (let i = 0; i < 20_000; i++) x = x.add(1);
    expect(x.item()).toBe(20_001);
    x.backward();
    expect(first.grad?.item()).toBe(1);
  });

  it('computes of no numbers at all', () => {
    const empty = tensor([], { shape: [0, 3] });
    expect(empty.mul(2).exp().toArray()).toEqual([]);
    expect(empty.sum().item()).toBe(0);
    expect(empty.sum(0).toArray()).toEqual([0, 0, 0]);
  });
});
