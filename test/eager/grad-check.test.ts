import { describe, expect, it } from 'vitest';
import { grad, gradCheck, randn, type Tensor, tensor } from '#src/index.js';

/** Its value is x², its gradient x: half of it does not see x. */
const half = (x: Tensor): Tensor => x.mul(x.detach()).sum();

describe('gradCheck', () => {
  it('passes a composition of many ops on three inputs', () => {
    const inputs = [randn([4, 3], { seed: 1 }), randn([2, 3], { seed: 2 }), randn([2], { seed: 3 })] as const;
    const f = (x: Tensor, weight: Tensor, bias: Tensor): Tensor => x.dense(weight, bias).tanh().exp().mean();
    const result = gradCheck(f, inputs);
    expect([result.passed, result.checked]).toEqual([true, 20]);
    expect(result.maxError).toBeLessThan(2e-4);
    expect(result.maxError).toBeGreaterThan(0);
  });

  it('names input, index and both numbers of a wrong gradient', () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.sum().add(half(b));
    const inputs = [tensor([1, 1]), tensor([0, 3, 0])] as const;
    // By b[1] = 3: backward gives 3, the difference 6.
    expect(() => gradCheck(f, inputs)).toThrow(
      /^gradCheck: expected gradients of input 1 within 0\.002 of central differences, got 3 at index 1 where the difference gives (6|5\.9999\d+|6\.0000\d+) \(error 0\.500\); correct the gradient/,
    );
    const result = gradCheck(f, inputs, { throws: false });
    expect(result).toMatchObject({ passed: false, checked: 5, worst: { input: 1, index: 1, analytic: 3 } });
    expect(result.worst?.numeric).toBeCloseTo(6, 3);
    expect(result.maxError).toBeCloseTo(0.5, 4);
  });

  it('passes as much as the tolerance says', () => {
    const inputs = [tensor([3])] as const;
    expect(gradCheck(half, inputs, { tolerance: 0.51 }).passed).toBe(true);
    expect(gradCheck(half, inputs, { tolerance: 0.49, throws: false }).passed).toBe(false);
  });

  it('does not pass a NaN, wherever it stands', () => {
    for (const numbers of [
      [-1, 2],
      [2, -1],
    ]) {
      const result = gradCheck((x) => x.log().sum(), [tensor(numbers)], { throws: false });
      expect([result.passed, result.maxError]).toEqual([false, Number.POSITIVE_INFINITY]);
    }
  });

  it('says where float32 is too coarse for a large function', () => {
    // 1e6 + x: one rounding of it is 0.06, four times the difference.
    expect(() => gradCheck((x) => x.add(1e6), [tensor(0.5)])).toThrow(
      /of which float32 tells slopes to about 7\.6: scale f down, or raise eps or tolerance$/,
    );
  });

  it('says what is no function, no tensor, no input', () => {
    const grad1 = grad as unknown as (f: unknown) => (x: unknown) => unknown;
    expect(() => grad1(3)).toThrow('grad: expected a function of tensors, got number; write');
    expect(() => grad1(() => 3)(tensor(1))).toThrow(
      'grad: expected a function that returns a tensor, got number; make',
    );
    expect(() => grad1((x: unknown) => x)(1)).toThrow('grad: expected a tensor as input 0, got number; make');
    expect(() => gradCheck(half as never, [] as never)).toThrow(
      'gradCheck: expected a list of one input or more, got none',
    );
  });
});
