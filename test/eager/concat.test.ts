import { describe, expect, it } from 'vitest';
import { concat, gradCheck, type Tensor, tensor, uniform, zeros } from '#src/index.js';

const GRAD = { requiresGrad: true };

describe('concat', () => {
  it('puts tensors one behind the other along an axis, 0 where nothing is said', () => {
    const [a, b] = [tensor([[1, 2]]), tensor([[3, 4]])];
    expect(concat([a, b]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(concat([a, b, a], -1).toArray()).toEqual([[1, 2, 3, 4, 1, 2]]);
    expect(concat([zeros([0]), tensor([5])]).toArray()).toEqual([5]);
  });

  it('gives each tensor its part of the gradient, the sum of them where it stands twice', () => {
    const [a, b] = [tensor([1, 2], GRAD), tensor([3], GRAD)];
    concat([a, b, a])
      .mul(tensor([1, 10, 100, 1000, 10000]))
      .sum()
      .backward();
    expect([a.grad?.toArray(), b.grad?.toArray()]).toEqual([[1001, 10010], [100]]);
  });

  it('has the gradient that gradCheck finds', () => {
    const inputs = [uniform([2, 1], { seed: 1 }), uniform([2, 3], { seed: 2 })] as const;
    expect(gradCheck((a, b) => concat([a, b], 1).square().sum(), inputs).checked).toBe(8);
  });

  it.each<[string, () => unknown]>([
    ['concat: expected a tensor to concatenate, got none; give one or more', () => concat([])],
    [
      'concat: expected a list of tensors, got a tensor; write concat([a, b])',
      () => concat(tensor([1]) as unknown as Tensor[]),
    ],
    [
      'concat: expected a tensor, got the number 2; make one with tensor(…)',
      () => concat([tensor([1]), 2 as unknown as Tensor]),
    ],
    [
      'concat: expected shapes that differ in axis 0 only, got (1) and (1,1); reshape or broadcast one of them',
      () => concat([tensor([1]), tensor([[1]])]),
    ],
  ])('says: %s', (message, call) => {
    expect(call).toThrow(message);
  });
});
