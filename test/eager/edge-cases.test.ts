import { describe, expect, it } from 'vitest';
import { crossEntropy, grad, gradCheck, noGrad, ones, type Tensor, tensor, valueAndGrad, zeros } from '#src/index.js';

const GRAD = { requiresGrad: true };
const SECOND =
  'grad: expected a function without gradients by its own inputs, got a gradient inside of grad; there are first derivatives only: use x.detach() inside where x is meant as a constant';

describe('backward through a view', () => {
  it('adds up over two calls, whichever view', () => {
    const w = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      GRAD,
    );
    const view = w.transpose().reshape([4]).slice(1, 4);
    // 3, 2 and 4 squared: everything but the 1.
    const loss = view.mul(view).sum();
    loss.backward();
    loss.backward();
    expect(w.grad?.toArray()).toEqual([
      [0, 8],
      [12, 16],
    ]);
  });

  it('of integers is as through any other', () => {
    const w = tensor(new Int32Array([3, -4]), GRAD);
    w.gather([1, 1]).square().sum().backward();
    expect(w.grad?.toArray()).toEqual([0, -16]);
  });
});

/** Each line: an expression of an empty tensor and one that is not, the numbers that it has. */
const EMPTY: [string, number[], (x: Tensor, other: Tensor) => Tensor, number[], unknown][] = [
  ['softmax', [0, 3], (x, w) => x.softmax().mul(w), [3], []],
  ['softmax along no numbers', [0, 3], (x, w) => x.softmax(0).mul(w), [3], []],
  ['a product of no rows', [0, 2], (x, w) => x.matmul(w), [2, 1], []],
  [
    'a product over no numbers',
    [2, 0],
    (x, w) => x.matmul(w),
    [0, 2],
    [
      [0, 0],
      [0, 0],
    ],
  ],
  ['products over no numbers', [1, 2, 0], (x, w) => x.matmul(w), [1, 0, 1], [[[0], [0]]]],
  ['no images', [0, 1, 3, 3], (x, w) => x.conv2d(w), [1, 1, 2, 2], []],
  ['no images to pool', [0, 1, 4, 4], (x, w) => x.maxPool2d(2).mul(w), [1], []],
  ['no rows to normalise', [0, 3], (x, w) => x.layerNorm(w), [3], []],
  ['no sequences', [0, 3, 6], (x, w) => x.selfAttention(2).mul(w), [2], []],
  ['the sum', [0, 3], (x, w) => x.sum().add(w), [1], [1]],
  ['maxima', [0, 2], (x, w) => x.max(0).mul(w), [2], [-Infinity, -Infinity]],
  ['a mean, which is NaN', [0], (x, w) => x.mean().mul(w), [1], [Number.NaN]],
];

describe('a tensor without numbers', () => {
  it.each(EMPTY)('%s: has value and gradients', (_title, shape, apply, otherShape, expected) => {
    const [x, other] = [zeros(shape, GRAD), ones(otherShape, GRAD)];
    const result = apply(x, other);
    expect(result.toArray()).toEqual(expected);
    result.sum().backward();
    expect([x.grad?.shape, other.grad?.shape]).toEqual([shape, otherShape]);
    if (result.size === 0) expect(other.grad?.data().every((value) => value === 0)).toBe(true);
  });

  it('may be what is picked of another, which then gets no gradient', () => {
    for (const pick of [
      (w: Tensor) => w.gather([]),
      (w: Tensor) => w.embedding([]),
      (w: Tensor) => w.slice([1, 0], [1, 2]),
    ]) {
      const w = ones([3, 2], GRAD);
      const picked = pick(w);
      picked.sum().backward();
      expect([picked.shape, w.grad?.data()]).toEqual([[0, 2], new Float32Array(6)]);
    }
  });
});

describe('a tensor without axes', () => {
  it('goes through shapes and reductions', () => {
    const w = tensor(3, GRAD);
    w.transpose().max().sum().reshape([1]).broadcastTo([2, 2]).min([0, 1]).backward();
    expect([w.grad?.item(), w.slice([], []).item(), w.pad([]).item()]).toEqual([1, 3, 3]);
  });

  it('has no axis to go along', () => {
    expect(() => tensor(3).softmax()).toThrow('softmax: expected an axis from 0 to -1 of shape (), got -1');
    expect(() => tensor(3).gather([0])).toThrow('gather: expected indices into the first axis of (), got a scalar');
  });
});

describe('NaN', () => {
  it('stays, but for what is not chosen', () => {
    const x = tensor([Number.NaN, 2], GRAD);
    expect([x.max().item(), x.minimum(5).sum().item(), x.clamp(0, 1).sum().item()]).toEqual([NaN, NaN, NaN]);
    const kept = x.where(x.equal(x), 0).sum();
    kept.backward();
    expect([kept.item(), x.grad?.toArray()]).toEqual([2, [0, 1]]);
  });

  it('does not come from a class of probability 0', () => {
    const logits = tensor([[0, Number.NEGATIVE_INFINITY]], GRAD);
    const loss = crossEntropy(logits, [0]);
    loss.backward();
    // -0 counts as 0.
    expect([loss.item() + 0, logits.grad?.toArray()]).toEqual([0, [[0, 0]]]);
  });
});

describe('a chain of 5,000', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['reshapes, twice as many nodes without a kernel', (x) => x.reshape([1]).reshape([])],
    ['choices', (x) => x.where(1, 0)],
    ['sums of a tensor with itself, halved', (x) => x.add(x).mul(0.5)],
  ])('%s does not overflow the stack', (_title, next) => {
    const w = tensor(3, GRAD);
    let x = w;
    for (let i = 0; i < 5000; i++) x = next(x);
    x.backward();
    expect([x.item(), w.grad?.item()]).toEqual([3, 1]);
  });
});

describe('noGrad', () => {
  it('is back where it was after an exception two levels down', () => {
    const w = tensor(1, GRAD);
    const isRecorded = noGrad(() => {
      expect(() =>
        noGrad(() => {
          throw new Error('stop');
        }),
      ).toThrow('stop');
      return w.mul(2).requiresGrad;
    });
    expect([isRecorded, w.mul(2).requiresGrad]).toEqual([false, true]);
  });
});

describe('a gradient inside of grad', () => {
  const square = (x: Tensor): Tensor => x.square().sum();

  it.each<[string, (x: Tensor) => Tensor]>([
    ['of its input', (x) => grad(square)(x).sum()],
    ['of what depends on its input', (x) => grad(square)(x.mul(2)).sum()],
    ['of a function that its input is in', (x) => grad((y) => y.mul(x).sum())(tensor(1)).sum()],
    [
      'by backward',
      (x) => {
        square(x).backward();
        return x.grad!.sum();
      },
    ],
    [
      'by gradCheck',
      (x) => {
        gradCheck(square, [x]);
        return x.sum();
      },
    ],
  ])('is refused, as it would count as a constant: %s', (_title, f) => {
    expect(() => grad(f)(tensor(3))).toThrow(SECOND);
    // And nothing is left over.
    expect(grad(square)(tensor(3)).item()).toBe(6);
  });

  it('may be taken of a constant, by detach or in noGrad', () => {
    // d/dx (2 · 3) x
    expect(grad((x) => grad(square)(x.detach()).mul(x))(tensor(3)).item()).toBe(6);
    expect(grad((x) => noGrad(() => grad(square)(x)).mul(x))(tensor(3)).item()).toBe(6);
    expect(grad((x) => valueAndGrad(square)(tensor(5))[1].mul(x))(tensor(3)).item()).toBe(10);
  });

  it('of a gradient that backward has made says that it is a constant', () => {
    const w = tensor(3, GRAD);
    square(w).backward();
    expect(() => w.grad!.sum().backward()).toThrow('backward: expected a tensor that requires gradients');
  });
});
