// x^e for one exponent, and its gradient, element by element in f64, rounded once; any thread.
import { exp, log, powInteger } from '../scalar.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

/** Whole exponents above it go through the logarithm, as in assembly/power.ts. */
const MOST_MULTIPLIED = 2 ** 20;

/** x^exponent in f64, x an f32. */
function power(x: number, exponent: number): number {
  const isWhole = Number.isInteger(exponent);
  if (isWhole && Math.abs(exponent) <= MOST_MULTIPLIED) {
    const result = powInteger(x, Math.abs(exponent));
    return exponent < 0 ? 1 / result : result;
  }
  if (x === 0) return exponent > 0 ? 0 : Infinity;
  if (x < 0 && !isWhole) return Number.NaN;
  const size = exp(exponent * log(Math.abs(x)));
  return x < 0 && exponent % 2 !== 0 ? -size : size;
}

/** Powers over `views`. */
export function powerKernels({ f32 }: Views): Kernels<'pow' | 'powBackward'> {
  function pow(out: number, x: number, exponent: number, n: number): void {
    for (let i = 0; i < n; i++) f32[out / 4 + i] = power(f32[x / 4 + i], exponent);
  }
  function powBackward(dx: number, dy: number, x: number, exponent: number, n: number): void {
    for (let i = 0; i < n; i++) f32[dx / 4 + i] = f32[dy / 4 + i] * (exponent * power(f32[x / 4 + i], exponent - 1));
  }
  return { pow: withoutResult(pow), powBackward: withoutResult(powBackward) };
}
