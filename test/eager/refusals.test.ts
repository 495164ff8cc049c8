// What JavaScript may call methods with, where TypeScript would not let it.
import { describe, expect, it } from 'vitest';
import * as lockstep from '#src/index.js';

type Anything = Record<string, (...args: unknown[]) => Anything>;
const { grad, gradCheck, ModelError } = lockstep;
const { broadcast, x, images } = {
  broadcast: lockstep.tensor(1) as unknown as Anything,
  x: lockstep.tensor([[1, 2, 3]]) as unknown as Anything,
  images: lockstep.ones([1, 3, 3]) as unknown as Anything,
};
const kernel = lockstep.ones([1, 1, 2, 2]);
const untyped = lockstep as unknown as Anything;

describe('a method called with something else', () => {
  it.each<[string, () => unknown]>([
    ['mul: expected a tensor or a number, got the string 2; make one with tensor(…)', () => x.mul('2')],
    ['add: expected a tensor or a number, got an array; make one with tensor(…)', () => x.add([1, 2, 3])],
    [
      'add: expected a tensor or a number, got an object (Float32Array); make one with tensor(…)',
      () => x.add(new Float32Array(3)),
    ],
    ['where: expected a tensor or a number, got undefined; make one with tensor(…)', () => x.where(1)],
    ['matmul: expected a tensor, got the number 2; make one with tensor(…)', () => x.matmul(2)],
    ['dense: expected a tensor, got undefined; make one with tensor(…)', () => x.dense()],
    ['conv2d: expected a tensor, got an object (Object); make one with tensor(…)', () => images.conv2d(kernel, {})],
    ['pow: expected a finite number as the exponent, got a tensor; give a number', () => x.pow(x)],
    ['pow: expected a finite number as the exponent, got NaN; give a number', () => x.pow(Number.NaN)],
    ['elu: expected a finite number as alpha, got null; give a number', () => x.elu(null)],
    [
      'clamp: expected numbers as bounds, got a tensor; use maximum and minimum for tensors',
      () => x.clamp(lockstep.tensor(1)),
    ],
    ['clamp: expected min, max or both for clamp, got neither; give one', () => x.clamp()],
    ['sum: expected options (keepDims) as an object, got the boolean true; write { name: … }', () => x.sum(0, true)],
    ['sum: expected an axis or a list of them, got the string 0; give a list of numbers', () => x.sum('0')],
    ['sum: expected different axes from -2 to 1 of shape (1,3), got (0.5); name each axis once', () => x.sum(0.5)],
    ['reshape: expected a shape such as [2, -1], got the number 3; give a list of numbers', () => x.reshape(3, 1)],
    ['transpose: expected axes, got the number 0; give a list of numbers', () => x.transpose(0, 1)],
    [
      'broadcastTo: expected a shape such as [2, 3] of at most 2^30 elements, got (-1); correct it',
      () => broadcast.broadcastTo([-1]),
    ],
    [
      'broadcastTo: expected a shape such as [2, 3] of at most 2^30 elements, got (1.5); correct it',
      () => broadcast.broadcastTo([1.5]),
    ],
    ['slice: expected an end for each axis, got undefined; give a list of numbers', () => x.slice([0, 0])],
    ['pad: expected a pair for each axis, got the number 1; write [[1, 1], [2, 2]] for a matrix', () => x.pad(1)],
    ['gather: expected a list of indices, got shape (); write [i], or reshape them', () => x.gather(0)],
    [
      'embedding: expected ids from 0 to 0, got 1 at index 1; correct it, or give the table more rows',
      () => x.embedding([0, 1]),
    ],
    [
      'embedding: expected ids from 0 to 0, got 0.5 at index 0; correct it, or give the table more rows',
      () => x.embedding(lockstep.tensor([0.5])),
    ],
    ['embedding: expected a tensor, got undefined; make one with tensor(…)', () => x.embedding()],
    [
      'conv2d: expected options out of stride, padding, dilation, groups, got strides; correct the name',
      () => images.conv2d(kernel, null, { strides: 2 }),
    ],
    [
      'conv2d: expected padding of two whole numbers of at least 0, got [same,same]; give [vertical, horizontal]',
      () => images.conv2d(kernel, null, { padding: 'same' }),
    ],
    [
      'maxPool2d: expected options (stride, padding) as an object, got the number 2; write { name: … }',
      () => images.maxPool2d(2, 2),
    ],
    [
      'selfAttention: expected causal to be true or false, got the string no; write one of them',
      () => x.selfAttention(1, { causal: 'no' }),
    ],
    [
      'layerNorm: expected a weight beside the bias, got none; give one of ones',
      () => x.layerNorm(null, lockstep.tensor([1, 2, 3])),
    ],
    ['rmsNorm: expected a finite number as eps, got NaN; give a number', () => x.rmsNorm(null, { eps: Number.NaN })],
    [
      'dropout: expected a layer of a model for it, got a tensor; write x.mul(uniform(x.shape, { seed }).greater(p)).div(1 - p)',
      () => x.dropout(0.5),
    ],
    [
      'batchNorm: expected a layer of a model for it, got a tensor; use groupNorm or layerNorm, or take off mean(0) yourself',
      () => x.batchNorm(),
    ],
    ['assign: expected a tensor, got an array; make one with tensor(…)', () => x.assign([1])],
    [
      'backward: expected a tensor, got an array; make one with tensor(…)',
      () => (lockstep.ones([2], { requiresGrad: true }) as unknown as Anything).backward([1, 2]),
    ],
  ])('is refused: %s', (message, call) => {
    expect(call).toThrow(new ModelError(message));
  });
});

describe('a function called with something else', () => {
  it.each<[string, () => unknown]>([
    ['zeros: expected a shape such as [2, 3] of at most 2^30 elements, got the number 3;', () => untyped.zeros(3)],
    ['full: expected a number behind the shape, got undefined; write full([2, 3], 0.5)', () => untyped.full([2])],
    ['randn: expected a seed, a whole number from 0 on, got undefined; write { seed: 1 }', () => untyped.randn([2])],
    [
      'tensor: expected an array of numbers, got an object (BigInt64Array); convert it with Number',
      () => untyped.tensor(new BigInt64Array([1n])),
    ],
    ['mse: expected a tensor, got an array; make one with tensor(…)', () => untyped.mse(x, [1])],
    ['gradCheck: expected a list of inputs, got a tensor; write [x]', () => gradCheck(() => kernel, x as never)],
    [
      'grad: expected a tensor, got the number 3; make one with tensor(…)',
      () => grad((own: lockstep.Tensor) => own)(3 as never),
    ],
    [
      'grad, the result of its function: expected a tensor, got undefined; make one with tensor(…)',
      () => grad((_own: lockstep.Tensor) => undefined as never)(kernel),
    ],
  ])('is refused: %s', (message, call) => {
    expect(call).toThrow(message);
  });
});
