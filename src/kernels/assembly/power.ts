// x^e of f32 arrays for one exponent, and its gradient, computed in f64 and rounded once; every worker thread runs them.
// An output may be one of the inputs. Error < 0.51 ulp. NaN in, NaN out, but x^0 is 1.
import { loadTail, storeTail } from './lanes';
import { log1 } from './vector-math';

const LN2_HIGH: f64 = 0.6931471803691238, LN2_LOW: f64 = 1.9082149292705877e-10;
/** Above it whole exponents go through the logarithm too: 2n roundings of f64 would begin to show. */
const MOST_MULTIPLIED: f64 = 1048576;

// @ts-ignore: decorator
@inline
function powerOfTwo(n: i64): f64 {
  return reinterpret<f64>((n + 1023) << 52);
}

/** e^x of one f64; error < 1 ulp where the result is normal. Operation by operation the `exp` of ../scalar.ts, so the same bits. */
export function exp1(x: f64): f64 {
  if (!(x <= 709.782712893384)) return x * Infinity;
  if (x < -745.1332191019412) return 0;
  const n = Math.floor(x / LN2_HIGH + 0.5);
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
  const exponent = <i64>n;
  if (exponent > 1023) return y * 2 * powerOfTwo(exponent - 1);
  return exponent >= -1022 ? y * powerOfTwo(exponent) : y * powerOfTwo(exponent + 64) * powerOfTwo(-64);
}

// @ts-ignore: decorator
@inline
function isMultiplied(exponent: f64): bool {
  return Math.floor(exponent) == exponent && Math.abs(exponent) <= MOST_MULTIPLIED;
}

/** Two lanes to the power of a whole number, by squaring. */
function powInteger2(x: v128, exponent: f64): v128 {
  let result = f64x2.splat(1);
  let power = x;
  for (let rest = <i32>Math.abs(exponent); rest > 0; rest >>= 1) {
    if (rest & 1) result = f64x2.mul(result, power);
    power = f64x2.mul(power, power);
  }
  return exponent < 0 ? f64x2.div(f64x2.splat(1), result) : result;
}

/** One number to any power; x is an f32. */
function pow1(x: f64, exponent: f64): f64 {
  if (x == 0) return exponent > 0 ? 0 : Infinity;
  if (x == Infinity) return exponent > 0 ? Infinity : 0;
  if (x > 0) return exp1(exponent * log1(x));
  if (!(x < 0) || Math.floor(exponent) != exponent) return NaN;
  const size = x == -Infinity ? (exponent > 0 ? Infinity : 0) : exp1(exponent * log1(-x));
  return exponent % 2 == 0 ? size : -size;
}

/** Two f64 lanes to a power. */
// @ts-ignore: decorator
@inline
function pow2(x: v128, exponent: f64, isWhole: bool): v128 {
  if (isWhole) return powInteger2(x, exponent);
  const low = pow1(f64x2.extract_lane(x, 0), exponent);
  return f64x2.replace_lane(f64x2.splat(low), 1, pow1(f64x2.extract_lane(x, 1), exponent));
}

// @ts-ignore: decorator
@inline
function high2(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

// @ts-ignore: decorator
@inline
function demote(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

function pow4(x: v128, exponent: f64, isWhole: bool): v128 {
  return demote(pow2(f64x2.promote_low_f32x4(x), exponent, isWhole), pow2(high2(x), exponent, isWhole));
}

/** dy e x^(e-1), rounded once. */
function powBackward4(dy: v128, x: v128, exponent: f64, isWhole: bool): v128 {
  const e = f64x2.splat(exponent);
  const low = f64x2.mul(e, pow2(f64x2.promote_low_f32x4(x), exponent - 1, isWhole));
  const high = f64x2.mul(e, pow2(high2(x), exponent - 1, isWhole));
  return demote(f64x2.mul(f64x2.promote_low_f32x4(dy), low), f64x2.mul(high2(dy), high));
}

/** out = x^exponent. */
export function pow(out: usize, x: usize, exponent: f64, n: usize): void {
  const isWhole = isMultiplied(exponent);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(out + i, pow4(v128.load(x + i), exponent, isWhole));
  const rest = n & 3;
  if (rest) storeTail(out + i, pow4(loadTail(x + i, rest), exponent, isWhole), rest);
}

/** dx = dy exponent x^(exponent-1). */
export function powBackward(dx: usize, dy: usize, x: usize, exponent: f64, n: usize): void {
  const isWhole = isMultiplied(exponent - 1);
  const vectorBytes = (n & ~3) << 2;
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) {
    v128.store(dx + i, powBackward4(v128.load(dy + i), v128.load(x + i), exponent, isWhole));
  }
  const rest = n & 3;
  if (rest) storeTail(dx + i, powBackward4(loadTail(dy + i, rest), loadTail(x + i, rest), exponent, isWhole), rest);
}
