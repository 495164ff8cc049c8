// The bytes of a decimal number → the double next to it, without making text of them; coordinator.

/** 10^0 to 10^22: all powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const MOST_EXACT = 2 ** 53;
// Every digit more would only lengthen an exponent that is infinite or 0 already.
const MOST_EXPONENT = 9999;

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const LETTER_E = 0x65;
const TO_LOWER = 0x20;

/**
 * Writes the number that `Number` makes of the same text, NaN for all but `[+-]digits[.digits][e[+-]digits]`. It is written and not
 * returned: a double that a function returns is an object of its own, and there is one a cell.
 *
 * A mantissa below 2^53 times or over a power of ten of at most 10^22 is one rounding of two exact numbers, so the nearest double;
 * what is longer goes through text.
 * @see Clinger 1990, "How to read floating point numbers accurately", PLDI, section 3
 */
export function parseDecimal(bytes: Buffer, start: number, end: number, out: Float64Array, outAt: number): void {
  out[outAt] = Number.NaN;
  let at = start;
  const sign = bytes[at];
  if (sign === PLUS || sign === MINUS) at++;
  let mantissa = 0;
  const digitsStart = at;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) break;
    mantissa = mantissa * 10 + digit;
  }
  let digits = at - digitsStart;
  let exponent = 0;
  if (at < end && bytes[at] === POINT) {
    const fractionStart = ++at;
    for (; at < end; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      mantissa = mantissa * 10 + digit;
    }
    exponent = fractionStart - at;
    digits -= exponent;
  }
  if (digits === 0) return;
  if (at < end) {
    if ((bytes[at] | TO_LOWER) !== LETTER_E) return;
    const written = parseExponent(bytes, at + 1, end);
    if (Number.isNaN(written)) return;
    exponent += written;
  }
  const size = Math.abs(exponent);
  if (mantissa >= MOST_EXACT || size > 22) {
    out[outAt] = Number(bytes.toString('latin1', start, end));
    return;
  }
  const value = exponent < 0 ? mantissa / POWERS[size] : mantissa * POWERS[size];
  out[outAt] = sign === MINUS ? -value : value;
}

function parseExponent(bytes: Buffer, start: number, end: number): number {
  const sign = bytes[start];
  let at = sign === PLUS || sign === MINUS ? start + 1 : start;
  if (at >= end) return Number.NaN;
  let exponent = 0;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    exponent = Math.min(MOST_EXPONENT, exponent * 10 + digit);
  }
  return sign === MINUS ? -exponent : exponent;
}
