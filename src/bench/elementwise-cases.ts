// The kernels that go element by element → what they are measured on. Pure.
import type { KernelName } from '../kernels/kernel-set.ts';
import { type KernelCase, ELEMENTS as N, sizeText } from './kernel-case.ts';

/** One array in, one out. */
const ONE_ARRAY: KernelName[] = [
  'negate',
  'square',
  'relu',
  'exp',
  'tanh',
  'sigmoid',
  'erf',
  'gelu',
  'geluTanh',
  'silu',
];
ONE_ARRAY.push('softplus', 'mish', 'abs', 'hardswish', 'hardsigmoid', 'softsign');
const ONE_POSITIVE: KernelName[] = ['sqrt', 'log', 'reciprocal'];

/** Two arrays in, one out. */
const TWO_ARRAYS: KernelName[] = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'less', 'lessEqual', 'equal'];
TWO_ARRAYS.push('notEqual', 'maskTrue', 'maskFalse');
const GRADIENTS: KernelName[] = ['reluBackward', 'tanhBackward', 'sigmoidBackward', 'geluBackward', 'geluTanhBackward'];
GRADIENTS.push(
  'siluBackward',
  'softplusBackward',
  'mishBackward',
  'absBackward',
  'reciprocalBackward',
  'softsignBackward',
);
GRADIENTS.push('hardswishBackward', 'hardsigmoidBackward');

/** One array in, two out: the result and the derivative. */
const WITH_SLOPE: KernelName[] = ['geluWithSlope', 'geluTanhWithSlope'];

/** An array and settings in front of the count: [kernel, settings]. */
const WITH_SETTINGS: [KernelName, number[]][] = [
  ['scale', [0.5]],
  ['addScalar', [0.5]],
  ['elu', [1, 1]],
  ['leakyRelu', [0.01]],
];
const GRADIENTS_WITH_SETTINGS: [KernelName, number[]][] = [
  ['eluBackward', [1, 1]],
  ['leakyReluBackward', [0.01]],
];

const size = sizeText(N);
const [ROWS, COLS] = [64, 256];

/** Their cases. */
export const ELEMENTWISE_CASES: KernelCase[] = [
  { kernel: 'copy', size, flops: 0, args: (a) => [a.floats(N), a.floats(N), N] },
  { kernel: 'fill', size, flops: 0, args: (a) => [a.floats(N), 0.5, N] },
  { kernel: 'accumulate', size, flops: N, args: (a) => [a.update(N), a.floats(N), N, 1] },
  ...ONE_ARRAY.map(
    (kernel): KernelCase => ({ kernel, size, flops: N, args: (a) => [a.floats(N), a.floats(N, -3, 3), N] }),
  ),
  ...ONE_POSITIVE.map(
    (kernel): KernelCase => ({ kernel, size, flops: N, args: (a) => [a.floats(N), a.positive(N), N] }),
  ),
  ...TWO_ARRAYS.map(
    (kernel): KernelCase => ({ kernel, size, flops: N, args: (a) => [a.floats(N), a.floats(N), a.positive(N), N] }),
  ),
  // A product with the gradient, and the derivative, which counts as one.
  ...GRADIENTS.map(
    (kernel): KernelCase => ({ kernel, size, flops: 2 * N, args: (a) => [a.floats(N), a.floats(N), a.positive(N), N] }),
  ),
  ...WITH_SLOPE.map(
    (kernel): KernelCase => ({
      kernel,
      size,
      flops: 2 * N,
      args: (a) => [a.floats(N), a.floats(N), a.floats(N, -3, 3), N],
    }),
  ),
  ...WITH_SETTINGS.map(
    ([kernel, settings]): KernelCase => ({
      kernel,
      size,
      flops: N,
      args: (a) => [a.floats(N), a.floats(N), ...settings, N],
    }),
  ),
  ...GRADIENTS_WITH_SETTINGS.map(
    ([kernel, settings]): KernelCase => ({
      kernel,
      size,
      flops: 2 * N,
      args: (a) => [a.floats(N), a.floats(N), a.floats(N), ...settings, N],
    }),
  ),
  { kernel: 'clamp', size, flops: 2 * N, args: (a) => [a.floats(N), a.floats(N), a.floats(2, -0.25, 0.75), N] },
  {
    kernel: 'clampBackward',
    size,
    flops: 3 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N), a.floats(2, -0.25, 0.75), N],
  },
  { kernel: 'pow', size, flops: N, args: (a) => [a.floats(N), a.positive(N), 1.5, N] },
  { kernel: 'powBackward', size, flops: 3 * N, args: (a) => [a.floats(N), a.floats(N), a.positive(N), 1.5, N] },
  {
    kernel: 'maximumBackward',
    size,
    flops: 2 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N), a.positive(N), N],
  },
  { kernel: 'where', size, flops: N, args: (a) => [a.floats(N), a.floats(N), a.floats(N), a.floats(N), N] },
  {
    kernel: 'biasActivation',
    size: sizeText(ROWS, COLS),
    flops: 2 * N,
    args: (a) => [a.update(N), ROWS, COLS, COLS, a.floats(COLS), 1],
  },
  { kernel: 'uniform', size, flops: N, args: (a) => [a.floats(N), N, 1, 2, 0, 0, 3, -1, 1] },
  {
    kernel: 'dropout',
    size: sizeText(ROWS, COLS),
    flops: 2 * N,
    args: (a) => {
      const ids = a.ints(Array.from({ length: ROWS }, (_, i) => i));
      return [a.floats(N), a.floats(N), ids, ROWS, COLS, 0, 1, 2, 3, 2 ** 31, 2, a.room(64)];
    },
  },
];
