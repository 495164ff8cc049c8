// Our own scalar mathematics in f64, from + - * / alone: the same bits on every engine and processor; any thread.
//
// Math.exp and its kin differ between engines and versions, so no number that reaches weights comes from them. Each bound
// is in units in the last place of the exact result; test/kernels/scalar.test.ts holds them against 200-bit integers.
import { addExact, LN2_HIGH, LN2_LOW, logOfMantissa, multiplyExact } from './double-double.ts';

/** The highest double below infinity has this logarithm. */
const LARGEST_EXPONENT = 709.782712893384;
/** Below this e^x rounds to 0. */
const LEAST_EXPONENT = -745.1332191019412;

/** The bits of a double, its high word at byte 0. */
const bits = new DataView(new ArrayBuffer(8));

function highWord(x: number): number {
  bits.setFloat64(0, x);
  return bits.getInt32(0);
}

/** 2^n for -1022 ≤ n ≤ 1023. */
function powerOfTwo(n: number): number {
  bits.setInt32(0, (n + 1023) << 20);
  bits.setInt32(4, 0);
  return bits.getFloat64(0);
}

/** x · 2^n; one rounding, and only where the result is subnormal. */
function scaleByPowerOfTwo(x: number, n: number): number {
  if (n > 1023) return x * 2 * powerOfTwo(n - 1);
  return n >= -1022 ? x * powerOfTwo(n) : x * powerOfTwo(n + 64) * 2 ** -64;
}

/** Σ coefficients[i] x^i by Horner's rule. */
function evaluate(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i];
  return sum;
}

// (e^r - 1 - r) / r² of |r| ≤ ln 2 / 2: the first term left out, r^14/14!, is below 2^-57.
const EXP_TERMS = [
  1 / 2,
  1 / 6,
  1 / 24,
  1 / 120,
  1 / 720,
  1 / 5040,
  1 / 40320,
  1 / 362880,
  1 / 3628800,
  1 / 39916800,
  1 / 479001600,
  1 / 6227020800,
];

/** e^(x + tail) for a tail that is small beside x. */
function expWithTail(x: number, tail: number): number {
  if (!(x <= LARGEST_EXPONENT)) return x * Infinity;
  if (x < LEAST_EXPONENT) return 0;
  const n = Math.floor(x / LN2_HIGH + 0.5);
  // n ln 2 is taken off in two parts, n · LN2_HIGH being exact.
  const high = x - n * LN2_HIGH;
  const low = n * LN2_LOW - tail;
  const r = high - low;
  const rest = high - r - low;
  return scaleByPowerOfTwo(1 + (r + (r * r * evaluate(EXP_TERMS, r) + rest)), n);
}

/** e^x; error < 1 ulp where the result is normal. */
export function exp(x: number): number {
  return expWithTail(x, 0);
}

// 2 atanh(s)/s - 2 in z = s², z < 0.0295: 2/3 z + 2/5 z² + …; the first term left out is below 2^-62.
const LOG_TERMS = [0, 2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11, 2 / 13, 2 / 15, 2 / 17, 2 / 19, 2 / 21, 2 / 23];

/** x > 0 and finite → [mantissa in [√½, √2), exponent], x = mantissa · 2^exponent exactly. */
function splitExponent(x: number): [mantissa: number, exponent: number] {
  const isSubnormal = x < 2 ** -1022;
  const normal = isSubnormal ? x * 2 ** 54 : x;
  // 0x3fe6a09e is the high word of √½: seen from there, the exponent field counts the whole octaves.
  const octaves = (highWord(normal) - 0x3fe6a09e) >> 20;
  const scaled = octaves < 1023 ? normal * powerOfTwo(-octaves) : normal * 2 ** -512 * powerOfTwo(512 - octaves);
  return [scaled, isSubnormal ? octaves - 54 : octaves];
}

/** ln x; -∞ at 0, NaN below; error < 1 ulp. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  const [mantissa, e] = splitExponent(x);
  const f = mantissa - 1;
  const s = f / (2 + f);
  const half = f * f * 0.5;
  // ln(1 + f) = f - (f²/2 - s (f²/2 + R)), R the tail of the series: Tang's arrangement, which keeps f itself exact.
  return e * LN2_HIGH - (half - (s * (half + evaluate(LOG_TERMS, s * s)) + e * LN2_LOW) - f);
}

/** x^n for a whole n ≥ 0, by squaring; relative error < 2n · 2^-53 in normal numbers. */
export function powInteger(x: number, n: number): number {
  let result = 1;
  for (let power = x, rest = n; rest > 0; rest = Math.floor(rest / 2), power *= power) {
    if (rest % 2 === 1) result *= power;
  }
  return result;
}

/**
 * x^y, special cases as ECMAScript has them; error < 1 ulp where the result is normal.
 * e^(y ln x), ln x and the product in twice the precision: y ln x up to 709 would else cost 9 bits.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (!Number.isFinite(y)) return powOfInfinity(Math.abs(x), y);
  if (x < 0 || Object.is(x, -0)) {
    if (!Number.isInteger(y)) return x === 0 || x === -Infinity ? pow(-x, y) : Number.NaN;
    return y % 2 === 0 ? pow(-x, y) : -pow(-x, y);
  }
  if (x === 0 || x === Infinity) return (x === 0) === y > 0 ? 0 : Infinity;
  if (!(x > 0)) return Number.NaN;
  const [mantissa, e] = splitExponent(x);
  const [high, low] = logOfMantissa(mantissa, e);
  if (Math.abs(y) > 2 ** 80) return x === 1 ? 1 : high > 0 === y > 0 ? Infinity : 0;
  const [product, rest] = multiplyExact(y, high);
  const [power, tail] = addExact(product, rest + y * low);
  return expWithTail(power, tail);
}

function powOfInfinity(x: number, y: number): number {
  if (!(x < 1 || x > 1)) return Number.NaN;
  if (Number.isNaN(y)) return y;
  return x > 1 === y > 0 ? Infinity : 0;
}

/** tanh x; error < 2 ulp. */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a > 22) return x < 0 ? -1 : 1;
  if (a < 1) {
    // Lambert's continued fraction x / (1 + x² / (3 + x² / (5 + …))); its 12th convergent is exact to 2^-70 here.
    let below = 0;
    for (let odd = 23; odd >= 3; odd -= 2) below = (x * x) / (odd + below);
    return x / (1 + below);
  }
  const y = 1 - 2 / (exp(2 * a) + 1);
  return x < 0 ? -y : y;
}

// π/2 in four parts: the first three of 33 bits, so that their products with n < 2^20 are exact.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487111665e-21;
const HALF_PI_4 = 8.4784276603689e-32;
const MOST_QUARTERS = 2 ** 20;

// Taylor's terms after 1 - z/2 and after x; those left out are below 2^-58 of the result for |r| ≤ π/4.
const COS_TERMS = [
  1 / 24,
  -1 / 720,
  1 / 40320,
  -1 / 3628800,
  1 / 479001600,
  -1 / 87178291200,
  1 / 20922789888000,
  -1 / 6402373705728000,
];
const SIN_TERMS = [
  -1 / 6,
  1 / 120,
  -1 / 5040,
  1 / 362880,
  -1 / 39916800,
  1 / 6227020800,
  -1 / 1307674368000,
  1 / 355687428096000,
];

/**
 * cos x for |x| up to 2^20 · π/2; error < 1 ulp. Cody and Waite's reduction, the remainder in two parts.
 * @throws RangeError beyond, where the reduction would need more digits of π.
 */
export function cos(x: number): number {
  const n = Math.floor(Math.abs(x) / HALF_PI_1 + 0.5);
  if (Number.isNaN(n) || n === Infinity) return Number.NaN;
  if (n >= MOST_QUARTERS) throw new RangeError(`cos: expected |x| below 2^20 · π/2, got ${x}; reduce it first`);
  const [a, aRest] = addExact(Math.abs(x) - n * HALF_PI_1, -n * HALF_PI_2);
  const [b, bRest] = addExact(a, -n * HALF_PI_3);
  const [r, rest] = addExact(b, aRest + (bRest - n * HALF_PI_4));
  const y = n % 2 === 0 ? cosReduced(r, rest) : sinReduced(r, rest);
  return n % 4 === 1 || n % 4 === 2 ? -y : y;
}

/** cos(r + rest), |r| ≤ π/4. */
function cosReduced(r: number, rest: number): number {
  const z = r * r;
  const half = z * 0.5;
  const most = 1 - half;
  return most + (1 - most - half + (z * z * evaluate(COS_TERMS, z) - r * rest));
}

/** sin(r + rest), |r| ≤ π/4. */
function sinReduced(r: number, rest: number): number {
  const z = r * r;
  return r + (r * z * evaluate(SIN_TERMS, z) + rest * (1 - 0.5 * z));
}
