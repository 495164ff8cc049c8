// e^x and ln(1 + x) of one f64 as losses need them, operation by operation as in ../scalar.ts and ../reference; every worker thread runs them. No kernels.
import { log1 } from './vector-math';

const LN2_HIGH: f64 = 0.6931471803691238, LN2_LOW: f64 = 1.9082149292705877e-10;

/** 2^n for -1022 ≤ n ≤ 0. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: i32): f64 {
  return reinterpret<f64>((<i64>n + 1023) << 52);
}

/** e^x for x ≤ 0, or NaN: the same bits as `exp` of ../scalar.ts. */
export function expNegative(x: f64): f64 {
  if (!(x <= 0)) return x * Infinity;
  if (x < -745.1332191019412) return 0;
  const n = floor<f64>(x / LN2_HIGH + 0.5);
  const high = x - n * LN2_HIGH;
  const low = n * LN2_LOW;
  const r = high - low;
  const rest = high - r - low;
  let p: f64 = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 1.0 / 2.0;
  const y = 1 + (r + (r * r * p + rest));
  const e = <i32>n;
  return e >= -1022 ? y * powerOfTwo(e) : y * powerOfTwo(e + 64) * 5.421010862427522e-20;
}

/** ln(1 + x) for 0 ≤ x ≤ 1, or NaN: log of the rounded 1 + x, made up for its rounding (Kahan). */
export function logOnePlus(x: f64): f64 {
  const u: f64 = 1 + x;
  return u == 1 ? x : (log1(u) * x) / (u - 1);
}
