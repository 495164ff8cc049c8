// Pairs of doubles whose exact sum is a number of about 106 bits: what `pow` needs to be right in the last place; any thread.
// Dekker 1971, "A floating-point technique for extending the available precision", doi:10.1007/BF01397083.

/** high + low, |low| at most half a unit in the last place of high. */
export type Pair = [high: number, low: number];

/** ln 2 in two parts; the first has 33 bits, so that its product with a whole number below 2^20 is exact. */
export const LN2_HIGH = 0.6931471803691238;
export const LN2_LOW = 1.9082149292705877e-10;

/** 2^27 + 1 splits a double into two halves of 26 bits. */
const SPLITTER = 134217729;

/** a + b without an error (Knuth's two-sum: for any order of magnitude). */
export function addExact(a: number, b: number): Pair {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
}

/** a · b without an error, for |a| and |b| between 2^-480 and 2^990 or 0. */
export function multiplyExact(a: number, b: number): Pair {
  const product = a * b;
  const [aHigh, aLow] = splitHalves(a);
  const [bHigh, bLow] = splitHalves(b);
  return [product, aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
}

function splitHalves(x: number): Pair {
  const scaled = SPLITTER * x;
  const high = scaled - (scaled - x);
  return [high, x - high];
}

function add([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const [sum, rest] = addExact(a, b);
  return addExact(sum, rest + aLow + bLow);
}

function multiply([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const [product, rest] = multiplyExact(a, b);
  return addExact(product, rest + (a * bLow + aLow * b));
}

/** a / b, both exact doubles with tails: one step of long division more than the hardware does. */
function divide([a, aLow]: Pair, [b, bLow]: Pair): Pair {
  const quotient = a / b;
  const [product, rest] = multiplyExact(quotient, b);
  return addExact(quotient, (a - product - rest + aLow - quotient * bLow) / b);
}

// 2/(2j+1) for j = 2 … 12: beyond the first two terms of 2 atanh(s)/s plain doubles are exact enough (z² < 2^-10).
const TAIL_TERMS = [2 / 5, 2 / 7, 2 / 9, 2 / 11, 2 / 13, 2 / 15, 2 / 17, 2 / 19, 2 / 21, 2 / 23, 2 / 25];
const TWO_THIRDS: Pair = [2 / 3, 3.700743415417188e-17];

/** ln(mantissa · 2^exponent), mantissa in [√½, √2); relative error < 2^-62. */
export function logOfMantissa(mantissa: number, exponent: number): Pair {
  const s = divide([mantissa - 1, 0], addExact(mantissa, 1));
  const z = multiply(s, s);
  let tail = 0;
  for (let j = TAIL_TERMS.length - 1; j >= 0; j--) tail = tail * z[0] + TAIL_TERMS[j];
  const series = add([2, 0], add(multiply(z, TWO_THIRDS), [tail * z[0] * z[0], 0]));
  const ln2 = addExact(exponent * LN2_HIGH, exponent * LN2_LOW);
  return add(ln2, multiply(s, series));
}
