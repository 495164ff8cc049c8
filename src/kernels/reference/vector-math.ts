// exp, ln, the logistic function, erf and their kin of one f32, rounded operation by operation as assembly/vector-math.ts and
// assembly/erf.ts do: the same bits. Tests hold both against f64 functions; any thread.

const fround = Math.fround;
const add = (a: number, b: number): number => fround(a + b);
const sub = (a: number, b: number): number => fround(a - b);
const mul = (a: number, b: number): number => fround(a * b);
const div = (a: number, b: number): number => fround(a / b);

const floats = new Float32Array(1);
const words = new Int32Array(floats.buffer);

/** 2^n for a whole n from -126 to 127, by its bits. */
function powerOfTwo(n: number): number {
  words[0] = (n + 127) << 23;
  return floats[0];
}

/** Horner's rule, each step rounded; coefficients from the constant on. */
function evaluate(coefficients: readonly number[], x: number): number {
  let sum = fround(coefficients[coefficients.length - 1]);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = add(mul(sum, x), fround(coefficients[i]));
  return sum;
}

const EXP_TERMS = [0.5, 0.16666667, 0.041666668, 0.008333334, 0.0013888889, 0.0001984127];
const LOG2_E = fround(1.44269502162933);
const LN2_UPPER = 0.693359375;
const LN2_REST = fround(2.1219444e-4);
/** Added and taken off again, it leaves the nearest whole number. */
const ROUNDER = 1.5 * 2 ** 23;

/** x = n ln 2 + r → n and e^r - 1. */
function reduceExp(x: number, terms: readonly number[]): [n: number, power: number] {
  const n = sub(add(mul(x, LOG2_E), ROUNDER), ROUNDER);
  const r = add(add(x, mul(n, -LN2_UPPER)), mul(n, LN2_REST));
  return [n, add(mul(mul(evaluate(terms, r), r), r), r)];
}

/** e^x, as exp4. */
export function exp32(x: number): number {
  const [n, power] = reduceExp(x > 89 ? 89 : x < -104 ? -104 : x, EXP_TERMS);
  const half = n >> 1;
  return mul(mul(add(power, 1), powerOfTwo(half)), powerOfTwo((n | 0) - half));
}

/** e^x - 1 for x ≤ 0. */
export function expMinusOneBelow32(x: number): number {
  const [n, power] = reduceExp(x < -30 ? -30 : x, EXP_TERMS);
  const scale = powerOfTwo(n | 0);
  return add(mul(scale, power), sub(scale, 1));
}

const LOG_TERMS = [0.6666667, 0.4, 0.2857143, 0.22222222, 0.18181818];

/** ln x of a normal, finite x > 0 or NaN, as log4. */
export function log32(x: number): number {
  if (Number.isNaN(x)) return x;
  floats[0] = x;
  const offset = words[0] - 0x3f3504f3;
  const e = offset >> 23;
  words[0] = (offset & 0x007fffff) + 0x3f3504f3;
  const f = sub(floats[0], 1);
  const s = div(f, add(f, 2));
  const z = mul(s, s);
  const q = mul(evaluate(LOG_TERMS, z), z);
  const h = mul(mul(f, f), 0.5);
  const low = add(mul(s, add(h, q)), mul(e, -LN2_REST));
  return add(mul(e, LN2_UPPER), sub(f, sub(h, low)));
}

/** 1 / (1 + e^-x), as sigmoid4. */
export function sigmoid32(x: number): number {
  const e = exp32(-Math.abs(x));
  return div(x < 0 ? e : 1, add(1, e));
}

const SCALED_ERFC_TERMS = [
  1.2769783735275269, -0.0927637591958046, -0.1660310924053192, 0.16404946148395538, -0.05421195924282074,
  -0.008018963038921356, 0.008689159527420998, 0.0012174105504527688, -0.0013957069022580981, -0.0003579204494599253,
  0.0001608035818208009, 0.00006336945807561278,
];
const ERF_TERMS = [
  0.12837916612625122, -0.3761262595653534, 0.11283597350120544, -0.02685432881116867, 0.005189312156289816,
  -0.0008018855005502701, 0.00007882497448008507,
];

const boundedAbs = (x: number): number => (Math.abs(x) > 15 ? 15 : Math.abs(x));

/** e^(-scale a²), as gaussian4. */
function gaussian32(a: number, scale: number): number {
  floats[0] = a;
  words[0] &= 0xfffff000;
  const high = floats[0];
  const rest = mul(mul(sub(a, high), add(a, high)), scale);
  let p = sub(fround(0.16666667), mul(rest, fround(0.041666668)));
  p = sub(0.5, mul(rest, p));
  p = sub(1, mul(rest, p));
  p = sub(1, mul(rest, p));
  return mul(exp32(-mul(mul(high, high), scale)), p);
}

/** e^(a²) erfc(a), as scaledErfc4. */
function scaledErfc32(a: number): number {
  return div(evaluate(SCALED_ERFC_TERMS, div(sub(a, 2), add(a, 2))), add(1, add(a, a)));
}

/** erf x, as erf4. */
export function erf32(x: number): number {
  const a = boundedAbs(x);
  if (a < 1) return add(x, mul(x, evaluate(ERF_TERMS, mul(x, x))));
  const y = sub(1, mul(gaussian32(a, 1), scaledErfc32(a)));
  return x < 0 ? -y : y;
}

/** e^(-x²/2), as bell4. */
export function bell32(x: number): number {
  return gaussian32(boundedAbs(x), 0.5);
}

/** (1 + erf(x/√2)) / 2, given bell = bell32(x), as normal4. */
export function normal32(x: number, bell: number): number {
  const tail = mul(mul(0.5, bell), scaledErfc32(mul(boundedAbs(x), fround(0.70710677))));
  return x < 0 ? tail : sub(1, tail);
}
