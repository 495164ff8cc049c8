// e^x operation by operation as exp4 of assembly/vector-math.ts computes it: the same bits in one lane; any thread.
//
// Where an exponential goes into long sums, a bound on its last digit says little about the sums; the same bits say all. That exp4 is
// right is shown elsewhere, against `exp` of ../scalar.ts.

const fround = Math.fround;
/** log2 e, rounded to an f32. */
const LOG2_E = 1.4426950216293335;
const LN2_UPPER = fround(-0.693359375);
const LN2_REST = fround(2.1219444005469057e-4);
/** Taylor's terms of r^7 down to r². */
const TERMS = [0.0001984127, 0.0013888889, 0.008333334, 0.041666668, 0.16666667, 0.5].map(fround);
/** Adding it leaves an f32 below 2^22 no fraction: the nearest whole number, halves to even. */
const WHOLE = 1.5 * 2 ** 23;

/** 2^n for -126 ≤ n ≤ 127. */
function powerOfTwo(n: number): number {
  return new Float32Array(new Int32Array([(n + 127) << 23]).buffer)[0];
}

/** e^x in f32. */
export function expLane(x: number): number {
  if (Number.isNaN(x)) return x;
  const bounded = Math.max(Math.min(x, 89), -104);
  const n = fround(fround(bounded * LOG2_E) + WHOLE) - WHOLE;
  const r = fround(fround(bounded + fround(n * LN2_UPPER)) + fround(n * LN2_REST));
  const series = TERMS.reduce((sum, term) => fround(fround(sum * r) + term));
  const p = fround(fround(fround(fround(series * r) * r) + r) + 1);
  const half = n >> 1;
  return fround(fround(p * powerOfTwo(half)) * powerOfTwo(n - half));
}
