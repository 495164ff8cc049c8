import { describe, expect, it } from 'vitest';
import { grad, noGrad, ones, tensor, valueAndGrad, zeros } from '#src/index.js';

const GRAD = { requiresGrad: true };
const DOUBLED = tensor(1, GRAD).mul(2);

describe('backward', () => {
  it('adds up over calls, also over a second one on the same result, until zeroGrad', () => {
    const w = tensor([1, -2], GRAD);
    expect(w.grad).toBe(null);
    const loss = w.square().sum();
    loss.backward();
    expect(w.grad?.toArray()).toEqual([2, -4]);
    loss.backward();
    expect(w.grad?.toArray()).toEqual([4, -8]);
    w.mul(3).sum().backward();
    expect(w.grad?.toArray()).toEqual([7, -5]);
    w.zeroGrad();
    expect(w.grad).toBe(null);
  });

  it('adds up over all ways from a tensor to the result', () => {
    const w = tensor(3, GRAD);
    const shared = w.mul(2);
    // d/dw (2w · 2w + w) = 8w + 1
    shared.mul(shared).add(w).backward();
    expect(w.grad?.item()).toBe(25);
  });

  it('gives every tensor its own gradient where two of them have the same', () => {
    const [a, b] = [tensor([1, 2], GRAD), tensor([3, 4], GRAD)];
    a.add(b).backward(tensor([5, 6]));
    expect([a.grad?.toArray(), b.grad?.toArray()]).toEqual([
      [5, 6],
      [5, 6],
    ]);
  });

  it('starts from a given gradient, which weights the numbers of the result', () => {
    const w = tensor([1, 2, 3], GRAD);
    w.square().backward(tensor([1, 0, -1]));
    expect(w.grad?.toArray()).toEqual([2, 0, -6]);
  });

  it('of the tensor itself is the given gradient', () => {
    const w = tensor([[1, 2]], GRAD);
    w.backward(tensor([[7, 8]]));
    expect(w.grad?.toArray()).toEqual([[7, 8]]);
  });

  it('goes through reshaped tensors back to a matrix', () => {
    const w = tensor([1, 2, 3, 4], GRAD);
    w.reshape([2, 2])
      .matmul(tensor([[1], [10]]))
      .sum()
      .backward();
    expect(w.grad?.toArray()).toEqual([1, 10, 1, 10]);
  });

  it('passes nothing to constants, and knows the value of the result afterwards', () => {
    const [w, x] = [tensor(2, GRAD), tensor(5)];
    const loss = w.mul(x);
    loss.backward();
    expect([w.grad?.item(), x.grad, x.requiresGrad, loss.item()]).toEqual([5, null, false, 10]);
  });

  it('passes nothing through detach, looked at or not', () => {
    for (const isLookedAt of [false, true]) {
      const w = tensor(3, GRAD);
      const squared = w.square();
      if (isLookedAt) squared.item();
      const constant = squared.detach();
      expect(constant.requiresGrad).toBe(false);
      constant.mul(w).backward();
      expect(w.grad?.item()).toBe(9);
    }
  });

  it('passes nothing through what was made in noGrad, though it was made lazily', () => {
    const w = tensor(3, GRAD);
    const scaled = noGrad(() => w.mul(2).add(1));
    scaled.mul(w).backward();
    // 7 w, not 2 w² + w: that would give 13.
    expect(w.grad?.item()).toBe(7);
  });

  it('uses the numbers of the time when the result was made', () => {
    const w = tensor(3, GRAD);
    const loss = w.square();
    noGrad(() => w.assign(tensor(100)));
    loss.backward();
    expect([loss.item(), w.grad?.item(), w.item()]).toEqual([9, 6, 100]);
  });

  it('goes back through 5,000 ops', () => {
    const w = tensor(1, GRAD);
    let x = w;
    for (let i = 0; i < 5000; i++) x = x.add(1);
    x.backward();
    expect([x.item(), w.grad?.item()]).toEqual([5001, 1]);
  });

  it.each<[string, () => void]>([
    [
      'backward: expected a tensor that requires gradients, got one of shape (2) that does not; make a tensor that it depends on with { requiresGrad: true }, and compute outside of noGrad',
      () => tensor([1, 2]).backward(),
    ],
    [
      'backward: expected a tensor that requires gradients, got one of shape () that does not;',
      () => noGrad(() => tensor([1, 2], GRAD).sum()).backward(),
    ],
    [
      'backward: expected a gradient for a tensor of several numbers, got none for shape (2); use sum() or mean() first, or give a tensor of that shape',
      () => tensor([1, 2], GRAD).mul(2).backward(),
    ],
    [
      "backward: expected a gradient of shape (2), got (2,1); give one number for each of the tensor's",
      () => tensor([1, 2], GRAD).backward(ones([2, 1])),
    ],
  ])('says: %s', (message, call) => {
    expect(call).toThrow(message);
  });
});

describe('assign', () => {
  it('replaces the numbers, keeps the gradient and gives the tensor', () => {
    const w = tensor([1, 2], GRAD);
    w.sum().backward();
    const same = noGrad(() => w.assign(tensor([3, 4])));
    expect(same).toBe(w);
    expect([w.toArray(), w.grad?.toArray(), w.requiresGrad]).toEqual([[3, 4], [1, 1], true]);
    w.square().sum().backward();
    expect(w.grad?.toArray()).toEqual([7, 9]);
  });

  it('needs no noGrad where nothing requires gradients', () => {
    expect(
      zeros([2])
        .assign(tensor([1, 2]))
        .toArray(),
    ).toEqual([1, 2]);
  });

  it.each<[string, () => void]>([
    [
      'assign: expected noGrad around a change of a tensor that requires gradients, got a call outside of it; write noGrad(() => w.assign(…))',
      () => tensor(1, GRAD).assign(tensor(2)),
    ],
    [
      'assign: expected a tensor made with requiresGrad, got the result of mul; assign to the tensor itself, or to result.detach()',
      () => noGrad(() => DOUBLED.assign(tensor(2))),
    ],
    ['assign: expected a tensor of shape (), got (1); reshape it', () => tensor(1).assign(tensor([2]))],
  ])('says: %s', (message, call) => {
    expect(call).toThrow(message);
  });
});

describe('noGrad', () => {
  it('ends with its function, thrown out of or not, and nests', () => {
    const w = tensor(1, GRAD);
    expect(() =>
      noGrad(() => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    const inner = noGrad(() => [noGrad(() => w.mul(2)).requiresGrad, w.mul(2).requiresGrad]);
    expect([...inner, w.mul(2).requiresGrad]).toEqual([false, false, true]);
  });

  it('refuses an async function, whose rest would run outside', () => {
    expect(() => noGrad(async () => tensor(1))).toThrow(
      'noGrad: expected a function that is done when it returns, got a promise; await outside of noGrad',
    );
  });
});

describe('grad', () => {
  it('gives the gradient of one input, and leaves all grad fields as they are', () => {
    const w = tensor(2, GRAD);
    const x = tensor([1, 2, 3], GRAD);
    const slope = grad((own) => own.pow(3).mul(w).sum());
    // 3 x² w
    expect(slope(x).toArray()).toEqual([6, 24, 54]);
    expect([w.grad, x.grad, slope(x).requiresGrad]).toEqual([null, null, false]);
  });

  it('gives one gradient for each of several inputs, zeros for one that does not matter', () => {
    const [a, b] = [tensor([[1], [2]]), tensor(3)];
    const [dA, dB] = grad((x, y) => y.square().add(x.mul(0).sum()))(a, b);
    expect([dA.toArray(), dB.item()]).toEqual([[[0], [0]], 6]);
    const [dC, dD] = grad((x, _y) => x.sum())(a, b);
    expect([dC.toArray(), dD.item()]).toEqual([[[1], [1]], 0]);
  });

  it('is zero for a function of nothing, and works inside of noGrad', () => {
    expect(grad((_x) => tensor(1))(tensor([1, 2])).toArray()).toEqual([0, 0]);
    expect(noGrad(() => grad((x) => x.square())(tensor(4))).item()).toBe(8);
  });

  it('has the value in front with valueAndGrad', () => {
    const [value, gradient] = valueAndGrad((x) => x.exp().sum())(tensor([0, 0]));
    expect([value.item(), gradient.toArray(), value.requiresGrad]).toEqual([2, [1, 1], false]);
  });

  it('refuses a function whose result is not a single number', () => {
    expect(() => grad((x) => x.mul(2))(tensor([1, 2]))).toThrow(
      'grad: expected a function whose result is a single number, got shape (2); end it with sum() or mean()',
    );
  });
});
