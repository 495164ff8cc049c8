import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { arange, full, type NestedNumbers, ones, randn, tensor, uniform, zeros } from '#src/index.js';
import { philox4x32 } from '#src/kernels/philox.js';
import { PURPOSE } from '#src/kernels/purpose.js';
import { referenceKernels } from '#src/kernels/reference.js';
import { expectClose } from '../plan/expect-close.ts';

describe('tensor', () => {
  it.each<[NestedNumbers, number[]]>([
    [5, []],
    [[5], [1]],
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
    ],
    [[[[1], [2]]], [1, 2, 1]],
    [[], [0]],
    [
      [[], []],
      [2, 0],
    ],
  ])('takes %j and gives it back', (nested, shape) => {
    const made = tensor(nested);
    expect([made.shape, made.rank, made.toArray()]).toEqual([shape, shape.length, nested]);
    expect(made.size).toBe(made.data().length);
  });

  it.each([
    [new Float64Array([0.1, -2]), [Math.fround(0.1), -2]],
    [new Uint8Array([0, 255]), [0, 255]],
    [new Int32Array([-(2 ** 31), 7]), [-(2 ** 31), 7]],
  ])('takes a typed array, %j, and rounds it to float32', (values, expected) => {
    expect(tensor(values).toArray()).toEqual(expected);
    expect(tensor(values, { shape: [2, 1] }).toArray()).toEqual(expected.map((value) => [value]));
  });

  it('shares its numbers with nobody', () => {
    const given = new Float32Array([1, 2]);
    const made = tensor(given);
    given[0] = 9;
    made.data()[1] = 9;
    made.mul(1).data()[1] = 9;
    expect(made.toArray()).toEqual([1, 2]);
  });

  it.each<[string, () => unknown]>([
    [
      'tensor: expected 3 elements, as in the first row at [1], got an array of 2; give rows of equal length, here of shape (2,3)',
      () =>
        tensor([
          [1, 2, 3],
          [4, 5],
        ]),
    ],
    [
      'tensor: expected a number at [1], got an array of 1; give rows of equal length, here of shape (2)',
      () => tensor([1, [2]]),
    ],
    [
      'tensor: expected 1 elements, as in the first row at [1], got 2; give rows of equal length, here of shape (2,1)',
      () => tensor([[1], 2]),
    ],
    [
      'tensor: expected a number at [1], got string; give rows of equal length, here of shape (2)',
      () => tensor([1, '2'] as unknown as number[]),
    ],
    [
      'tensor: expected 6 numbers for shape (2,3), got 2; change one of the two',
      () => tensor([1, 2], { shape: [2, 3] }),
    ],
    ['full: expected a shape such as [2, 3] of at most 2^30 elements, got (2,-1); correct it', () => zeros([2, -1])],
    ['item: expected a tensor of one element, got shape (2); use toArray()', () => tensor([1, 2]).item()],
    ['uniform: expected a seed, a whole number from 0 on, got -1; write { seed: 1 }', () => uniform([1], { seed: -1 })],
    ['arange: expected a step from 0 towards 3, got -1; change its sign or size', () => arange(0, 3, -1)],
  ])('says: %s', (message, call) => {
    expect(call).toThrow(message);
  });

  it('prints its numbers, and only its shape where there are many', () => {
    const shown = [tensor([[1, -0.5]], { requiresGrad: true }), tensor(2), zeros([11, 10])].map((one) => inspect(one));
    expect(shown).toEqual(['tensor([[1, -0.5]], requiresGrad)', 'tensor(2)', 'tensor(of shape (11,10))']);
  });
});

describe('tensors by a rule', () => {
  it('are what their names say', () => {
    expect(
      [zeros([2, 1]), ones([2]), full([], 7), arange(3), arange(1, 2, 0.25), arange(3, 0, -2)].map((one) =>
        one.toArray(),
      ),
    ).toEqual([[[0], [0]], [1, 1], 7, [0, 1, 2], [1, 1.25, 1.5, 1.75], [3, 1]]);
    expect(zeros([1], { requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe('random tensors', () => {
  it('uniform are those of the kernel that draws first weights, for the same counter', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const seed = 5 * 2 ** 32 + 17;
    referenceKernels(memory).kernels.uniform(0, 11, 17, 5, 0, 0, PURPOSE.eager, -0.3, 2);
    expect(uniform([11], { seed, low: -0.3, high: 2 }).data()).toEqual(new Float32Array(memory.buffer, 0, 11).slice());
  });

  it('normal have the moments of the normal distribution', () => {
    const n = 200_000;
    const numbers = Array.from(randn([n], { seed: 3 }).data());
    const moment = (power: number): number => numbers.reduce((sum, x) => sum + x ** power, 0) / n;
    // Standard errors of the means of x, x², x³, x⁴: √(1, 2, 15, 96) / √n; five of them.
    const bound = (variance: number): number => 5 * Math.sqrt(variance / n);
    expect(Math.abs(moment(1))).toBeLessThan(bound(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(bound(2));
    expect(Math.abs(moment(3))).toBeLessThan(bound(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(bound(96));
    // A pair is made of the same two words, and yet does not go together.
    const products = numbers.reduce((sum, x, i) => sum + (i % 2 ? x * numbers[i - 1] : 0), 0) / (n / 2);
    expect(Math.abs(products)).toBeLessThan(5 / Math.sqrt(n / 2));
  });

  it('normal are those of Box and Muller in float64, moved and stretched', () => {
    const words = new Uint32Array(4);
    const expected: number[] = [];
    for (const block of [0, 1]) {
      philox4x32(block, 1, 0, PURPOSE.eager, 3, 0, words);
      for (const [a, b] of [words.slice(0, 2), words.slice(2)]) {
        const radius = Math.sqrt(-2 * Math.log((a + 1) / 2 ** 32));
        const angle = (2 * Math.PI * b) / 2 ** 32;
        expected.push(radius * Math.cos(angle), radius * Math.sin(angle));
      }
    }
    // Rounded once, to float32.
    expectClose(randn([7], { seed: 3 }).data(), expected.slice(0, 7), { relative: 1e-7, ofLargest: 1e-12 });
    const moved = expected.slice(0, 7).map((x) => 10 + x / 2);
    expectClose(randn([7], { seed: 3, mean: 10, std: 0.5 }).data(), moved, { relative: 1e-7, ofLargest: 0 });
  });

  it('are the same for the same seed, others for another, and a shorter one begins the longer', () => {
    const draw = (seed: number, count: number): number[] => Array.from(randn([count], { seed }).data());
    expect(draw(1, 9)).toEqual(draw(1, 9));
    expect(draw(1, 9).slice(0, 6)).toEqual(draw(1, 6));
    expect(draw(1, 9).filter((x, i) => x === draw(2, 9)[i])).toEqual([]);
    expect(draw(1, 9).filter((x, i) => x === draw(1 + 2 ** 32, 9)[i])).toEqual([]);
  });

  it('are refused without a seed', () => {
    for (const [name, draw] of Object.entries({ randn, uniform })) {
      const call = draw as unknown as (shape: number[]) => unknown;
      expect(() => call([2])).toThrow(
        `${name}: expected a seed, a whole number from 0 on, got undefined; write { seed: 1 }`,
      );
    }
  });
});
