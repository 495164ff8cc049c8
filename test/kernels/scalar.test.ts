// Our own scalar mathematics against exact arithmetic: series in 400-bit fixed point, by BigInt.
import { expect, test } from 'vitest';
import { cos, exp, log, pow, powInteger, tanh } from '#src/kernels/scalar.js';

const BITS = 400n;
const ONE = 1n << BITS;

/** A double as fixed point, exactly. */
function fixed(x: number): bigint {
  let exponent = 0;
  let mantissa = x;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent++;
  }
  return (BigInt(mantissa) << BITS) >> BigInt(exponent);
}

function expFixed(x: bigint): bigint {
  // e^x = (e^(x / 2^k))^(2^k) with a series that converges at once; 40 bits are lost to the squarings.
  const halvings = 12n;
  const small = x >> halvings;
  let sum = ONE;
  for (let n = 1n, term = ONE; term !== 0n; n++) {
    term = (term * small) / ONE / n;
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) >> BITS;
  return sum;
}

function cosFixed(x: bigint): bigint {
  let sum = ONE;
  const square = (x * x) >> BITS;
  for (let n = 2n, term = ONE; term !== 0n; n += 2n) {
    term = (-term * square) / ONE / (n * (n - 1n));
    sum += term;
  }
  return sum;
}

function logFixed(x: number): bigint {
  // Newton's method on e^y = x from the engine's own value.
  const target = fixed(x);
  let y = fixed(Math.log(x));
  for (let i = 0; i < 5; i++) {
    const e = expFixed(y);
    y += ((target - e) << BITS) / e;
  }
  return y;
}

/** |got − exact| in units in the last place of the exact value. */
function ulps(got: number, exact: bigint): number {
  const rounded = Number(exact) / 2 ** Number(BITS);
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(rounded))) - 52);
  return Math.abs(Number(((fixed(got) - exact) * 1_000_000n) / fixed(unit)) / 1e6);
}

const grid = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => low + ((high - low) * (i + 0.377)) / count);

test('exp is within 1 ulp', () => {
  for (const x of grid(-60, 60, 300)) expect(ulps(exp(x), expFixed(fixed(x))), `exp(${x})`).toBeLessThan(1);
  expect([exp(0), exp(-1000), exp(1000), exp(Number.NaN)]).toEqual([1, 0, Infinity, Number.NaN]);
});

test('log is within 1 ulp', () => {
  for (const x of [...grid(1e-6, 3, 150), ...grid(3, 1e6, 50), 0.5, 2, 1 + 2 ** -52]) {
    expect(ulps(log(x), logFixed(x)), `log(${x})`).toBeLessThan(1);
  }
  expect([log(1), log(0), log(-1), log(Infinity)]).toEqual([0, -Infinity, Number.NaN, Infinity]);
});

test('tanh is within 2 ulp', () => {
  for (const x of [...grid(-3, 3, 200), ...grid(3, 22, 40)]) {
    const e = expFixed(fixed(2 * x));
    expect(ulps(tanh(x), ((e - ONE) << BITS) / (e + ONE)), `tanh(${x})`).toBeLessThan(2);
  }
  expect([tanh(0), tanh(30), tanh(-30)]).toEqual([0, 1, -1]);
});

test('cos is within 1 ulp', () => {
  for (const x of [...grid(-10, 10, 200), ...grid(10, 60, 40)]) {
    expect(ulps(cos(x), cosFixed(fixed(x))), `cos(${x})`).toBeLessThan(1);
  }
});

test('pow is within 1 ulp, and has the special cases of ECMAScript', () => {
  for (const x of grid(0.1, 8, 20)) {
    for (const y of grid(-9, 9, 10)) {
      const exact = expFixed((fixed(y) * logFixed(x)) >> BITS);
      expect(ulps(pow(x, y), exact), `pow(${x}, ${y})`).toBeLessThan(1);
    }
  }
  const special = [0, -0, 1, -1, 2, -2, 0.5, Infinity, -Infinity, Number.NaN];
  for (const x of special) {
    for (const y of special) {
      const oracle = x ** y;
      // Zero, infinite and NaN alike; √2 within its ulp.
      if (Number.isFinite(oracle) && oracle !== 0) expect(pow(x, y) / oracle, `pow(${x}, ${y})`).toBeCloseTo(1, 15);
      else expect(pow(x, y), `pow(${x}, ${y})`).toBe(oracle);
    }
  }
});

test('powInteger multiplies, so that small whole powers are exact', () => {
  expect([powInteger(3, 20), powInteger(2, 100), powInteger(0.9, 0)]).toEqual([3_486_784_401, 2 ** 100, 1]);
  expect(Math.abs(powInteger(0.999, 1000) / pow(0.999, 1000) - 1)).toBeLessThan(2000 * 2 ** -53);
});
