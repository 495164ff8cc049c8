// The optimizers' kernels and what reduces gradients → what they are measured on: a range of parameters. Pure.
import { treeSumScratchBytes } from '../kernels/gemm-scratch.ts';
import type { KernelName } from '../kernels/kernel-set.ts';
import type { Arena } from './arena.ts';
import { type KernelCase, ELEMENTS as N, sizeText } from './kernel-case.ts';

const size = sizeText(N);
const SLOTS = 8;

/** [kernel, operations an element, arrays of state, settings behind the count]: each state is read in one generation, written in the other. */
const OPTIMIZERS: [KernelName, number, number, number[]][] = [
  ['sgd', 4, 1, [0.1, 0.9, 0, 0, 0, 0]],
  ['adam', 13, 2, [0.001, 0.9, 0.999, 1e-8, 0, 0, 0.1, 0.03]],
  ['amsgrad', 14, 3, [0.001, 0.9, 0.999, 1e-8, 0, 1]],
  ['nadam', 14, 2, [0.001, 0.001, 0.9, 0.999, 1e-8, 0, 0.03]],
  ['radam', 13, 2, [0.001, 0.9, 0.999, 1e-8, 0, 1]],
  ['lamb', 20, 2, [0.001, 0.9, 0.999, 1e-6, 0.01, 0.1, 0.03]],
  ['rmsprop', 10, 3, [0.01, 0.99, 1e-8, 0.9, 0, 1]],
  ['adagrad', 6, 1, [0.01, 1e-10, 0]],
  ['lion', 8, 1, [0.0001, 0.9, 0.99, 0]],
];

/** New and old parameters, the gradient, then each state new and old. Sums of squares are above 0. */
function optimizerArgs(arena: Arena, states: number, settings: readonly number[]): number[] {
  const arrays = [arena.floats(N), arena.floats(N), arena.floats(N)];
  for (let state = 0; state < states; state++) arrays.push(arena.positive(N), arena.positive(N));
  return [...arrays, N, ...settings];
}

/** Their cases. */
export const OPTIMIZER_CASES: KernelCase[] = [
  {
    kernel: 'treeSum',
    size: `${SLOTS} slots of ${size}`,
    flops: (SLOTS - 1) * N,
    args: (a) => {
      const out = a.floats(N);
      const slots = Array.from({ length: SLOTS }, () => a.floats(N));
      return [out, a.ints(slots), SLOTS, 0, N, a.room(treeSumScratchBytes(SLOTS))];
    },
  },
  { kernel: 'scaleSquareSum', size, flops: 3 * N, args: (a) => [a.update(N), 1, N] },
  { kernel: 'squareSum', size, flops: 2 * N, args: (a) => [a.floats(N), N] },
  { kernel: 'countNotFinite', size, flops: 2 * N, args: (a) => [a.floats(N), N] },
  { kernel: 'clampSquareSum', size, flops: 4 * N, args: (a) => [a.update(N), 0.4, N] },
  ...OPTIMIZERS.map(
    ([kernel, flops, states, settings]): KernelCase => ({
      kernel,
      size,
      flops: flops * N,
      args: (a) => optimizerArgs(a, states, settings),
    }),
  ),
  { kernel: 'movingAverage', size, flops: 3 * N, args: (a) => [a.floats(N), a.floats(N), a.floats(N), N, 0.999] },
  { kernel: 'positionHash', size, flops: 2 * N, args: (a) => [a.room(8), a.floats(N), 0, N, 0] },
];
