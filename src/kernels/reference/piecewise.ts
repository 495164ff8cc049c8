// Activations and functions made of straight pieces, and their gradients by the input, element by element; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type PiecewiseName =
  | 'abs'
  | 'absBackward'
  | 'reciprocal'
  | 'reciprocalBackward'
  | 'hardswish'
  | 'hardswishBackward'
  | 'hardsigmoid'
  | 'hardsigmoidBackward'
  | 'leakyRelu'
  | 'leakyReluBackward'
  | 'clamp'
  | 'clampBackward';

/** min(max(x + 3, 0), 6). */
const shifted = (x: number): number => Math.min(Math.max(fround(x + 3), 0), 6);

function absBackward(dy: number, x: number): number {
  if (x === 0) return 0;
  return x < 0 ? -dy : dy;
}

function hardswishBackward(dy: number, x: number): number {
  if (x <= -3) return 0;
  return x >= 3 ? dy : dy * fround(fround(x / 3) + 0.5);
}

/** The functions made of straight pieces over `views`. */
export function piecewiseKernels({ f32 }: Views): Kernels<PiecewiseName> {
  const map = (f: (x: number) => number) =>
    withoutResult((out, x, n) => {
      for (let i = 0; i < n; i++) f32[out / 4 + i] = f(f32[x / 4 + i]);
    });
  const zip = (f: (dy: number, x: number) => number) =>
    withoutResult((dx, dy, x, n) => {
      for (let i = 0; i < n; i++) f32[dx / 4 + i] = f(f32[dy / 4 + i], f32[x / 4 + i]);
    });
  return {
    abs: map(Math.abs),
    absBackward: zip(absBackward),
    reciprocal: map((x) => 1 / x),
    reciprocalBackward: zip((dy, y) => -fround(dy * fround(y * y))),
    hardswish: map((x) => fround(x * shifted(x)) / 6),
    hardswishBackward: zip(hardswishBackward),
    hardsigmoid: map((x) => shifted(x) / 6),
    hardsigmoidBackward: zip((dy, x) => (x <= -3 || x >= 3 ? 0 : dy / 6)),
    leakyRelu: withoutResult((out, x, slope, n) => {
      map((value) => (value > 0 ? value : value * fround(slope)))(out, x, n);
    }),
    leakyReluBackward: withoutResult((dx, dy, x, slope, n) => {
      zip((d, value) => (value > 0 ? d : d * fround(slope)))(dx, dy, x, n);
    }),
    clamp: withoutResult((out, x, bounds, n) => {
      const [low, high] = f32.subarray(bounds / 4);
      map((value) => Math.min(Math.max(value, low), high))(out, x, n);
    }),
    clampBackward: withoutResult((dx, dy, x, bounds, n) => {
      const [low, high] = f32.subarray(bounds / 4);
      zip((d, value) => (value < low || value > high ? 0 : d))(dx, dy, x, n);
    }),
  };
}
