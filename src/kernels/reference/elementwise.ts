// Element-wise arithmetic, one element after the other; any thread.
import { log } from '../scalar.ts';
import { expOf, relu, sigmoidOf, tanhOf } from './scalar-functions.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type ElementwiseName =
  | 'copy'
  | 'fill'
  | 'accumulate'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'scale'
  | 'addScalar'
  | 'negate'
  | 'square'
  | 'sqrt'
  | 'relu'
  | 'reluBackward'
  | 'tanhBackward'
  | 'sigmoidBackward'
  | 'exp'
  | 'log'
  | 'tanh'
  | 'sigmoid';

/** The element-wise kernels over `views`. */
export function elementwiseKernels({ f32 }: Views): Kernels<ElementwiseName> {
  const map = (f: (x: number) => number) =>
    withoutResult((out, x, n) => {
      for (let i = 0; i < n; i++) f32[out / 4 + i] = f(f32[x / 4 + i]);
    });
  const mapWith = (f: (x: number, alpha: number) => number) =>
    withoutResult((out, x, alpha, n) => {
      for (let i = 0; i < n; i++) f32[out / 4 + i] = f(f32[x / 4 + i], fround(alpha));
    });
  const zip = (f: (a: number, b: number) => number) =>
    withoutResult((out, a, b, n) => {
      for (let i = 0; i < n; i++) f32[out / 4 + i] = f(f32[a / 4 + i], f32[b / 4 + i]);
    });
  return {
    copy: withoutResult((out, x, n) => f32.copyWithin(out / 4, x / 4, x / 4 + n)),
    fill: withoutResult((out, value, n) => f32.fill(value, out / 4, out / 4 + n)),
    accumulate: withoutResult((out, x, n, isAccumulating) => {
      for (let i = 0; i < n; i++)
        f32[out / 4 + i] = isAccumulating ? f32[out / 4 + i] + f32[x / 4 + i] : f32[x / 4 + i];
    }),
    add: zip((a, b) => a + b),
    sub: zip((a, b) => a - b),
    mul: zip((a, b) => a * b),
    div: zip((a, b) => a / b),
    scale: mapWith((x, alpha) => x * alpha),
    addScalar: mapWith((x, alpha) => x + alpha),
    negate: map((x) => -x),
    square: map((x) => x * x),
    sqrt: map(Math.sqrt),
    relu: map(relu),
    reluBackward: zip((dy, y) => (y <= 0 ? 0 : dy)),
    tanhBackward: zip((dy, y) => dy * fround(1 - fround(y * y))),
    sigmoidBackward: zip((dy, y) => dy * fround(y * fround(1 - y))),
    exp: map(expOf),
    log: map(log),
    tanh: map(tanhOf),
    sigmoid: map(sigmoidOf),
  };
}
