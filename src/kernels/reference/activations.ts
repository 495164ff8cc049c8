// Smooth activations and their gradients by the input, element by element, in the order of operations of assembly/activations.ts; any thread.
import { bell32, erf32, exp32, expMinusOneBelow32, log32, normal32, sigmoid32 } from './vector-math.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;
const add = (a: number, b: number): number => fround(a + b);
const sub = (a: number, b: number): number => fround(a - b);
const mul = (a: number, b: number): number => fround(a * b);
const div = (a: number, b: number): number => fround(a / b);

type ActivationName =
  | 'erf'
  | 'gelu'
  | 'geluBackward'
  | 'geluTanh'
  | 'geluTanhBackward'
  | 'geluTanhWithSlope'
  | 'geluWithSlope'
  | 'silu'
  | 'siluBackward'
  | 'softplus'
  | 'softplusBackward'
  | 'softsign'
  | 'softsignBackward'
  | 'mish'
  | 'mishBackward'
  | 'elu'
  | 'eluBackward';

/** The smooth activations over `views`. */
export function activationKernels({ f32 }: Views): Kernels<ActivationName> {
  const map = (f: (x: number) => number) =>
    withoutResult((out, x, n) => {
      for (let i = 0; i < n; i++) f32[out / 4 + i] = f(f32[x / 4 + i]);
    });
  /** dx = dy times the derivative at x. */
  const slope = (f: (x: number) => number) =>
    withoutResult((dx, dy, x, n) => {
      for (let i = 0; i < n; i++) f32[dx / 4 + i] = mul(f32[dy / 4 + i], f(f32[x / 4 + i]));
    });
  /** f, and the derivative beside it. */
  const both = (f: (x: number) => number, derivative: (x: number) => number) =>
    withoutResult((out, slopes, x, n) => {
      for (let i = 0; i < n; i++) {
        const value = f32[x / 4 + i];
        f32[slopes / 4 + i] = derivative(value);
        f32[out / 4 + i] = f(value);
      }
    });
  const elu = withoutResult((out, x, above, below, n) => {
    for (let i = 0; i < n; i++) {
      const value = f32[x / 4 + i];
      f32[out / 4 + i] = value > 0 ? mul(value, fround(above)) : mul(fround(below), expMinusOneBelow32(value));
    }
  });
  const eluBackward = withoutResult((dx, dy, x, above, below, n) => {
    for (let i = 0; i < n; i++) {
      const value = f32[x / 4 + i];
      f32[dx / 4 + i] = mul(f32[dy / 4 + i], value > 0 ? fround(above) : mul(fround(below), exp32(value)));
    }
  });
  return {
    erf: map(erf32),
    gelu: map(gelu),
    geluBackward: slope(geluSlope),
    geluTanh: map(geluTanh),
    geluTanhBackward: slope(geluTanhSlope),
    geluWithSlope: both(gelu, geluSlope),
    geluTanhWithSlope: both(geluTanh, geluTanhSlope),
    silu: map((x) => mul(x, sigmoid32(x))),
    siluBackward: slope((x) => mul(sigmoid32(x), add(1, mul(x, sub(1, sigmoid32(x)))))),
    softplus: map(softplus),
    softplusBackward: slope(sigmoid32),
    softsign: map((x) => div(x, add(1, Math.abs(x)))),
    softsignBackward: slope((x) => mul(div(1, add(1, Math.abs(x))), div(1, add(1, Math.abs(x))))),
    mish: map((x) => mul(x, div(mishParts(x).numerator, mishParts(x).denominator))),
    mishBackward: slope(mishSlope),
    elu,
    eluBackward,
  };
}

function geluSlope(x: number): number {
  const bell = bell32(x);
  return add(normal32(x, bell), mul(x, mul(bell, fround(0.3989423))));
}

function tanhArgument(x: number): number {
  return mul(add(x, mul(mul(mul(x, x), x), fround(0.044715))), fround(1.5957692));
}

function gelu(x: number): number {
  return mul(x, normal32(x, bell32(x)));
}

function geluTanh(x: number): number {
  return mul(x, sigmoid32(tanhArgument(x)));
}

function geluTanhSlope(x: number): number {
  const b = x > 15 ? 15 : x < -15 ? -15 : x;
  const s = sigmoid32(tanhArgument(b));
  const slope = add(fround(1.5957692), mul(mul(b, b), fround(0.21406446)));
  return add(s, mul(mul(s, sub(1, s)), mul(b, slope)));
}

function softplus(x: number): number {
  const u = exp32(-Math.abs(x));
  const w = add(1, u);
  const rest = w === 1 ? u : div(mul(u, log32(w)), sub(w, 1));
  return add(x < 0 ? 0 : x, rest);
}

function mishParts(x: number): { u: number; numerator: number; denominator: number } {
  const u = exp32(-Math.abs(x));
  const square = mul(u, u);
  const numerator = x < 0 ? add(square, add(u, u)) : add(1, add(u, u));
  return { u, numerator, denominator: add(numerator, mul(2, x < 0 ? 1 : square)) };
}

function mishSlope(x: number): number {
  const { u, numerator, denominator } = mishParts(x);
  const steep = mul(x < 0 ? u : mul(u, u), add(1, u));
  const slope = div(mul(4, steep), mul(denominator, denominator));
  return add(div(numerator, denominator), mul(x, slope));
}
