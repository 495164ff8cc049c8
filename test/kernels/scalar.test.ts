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

/** ln 2 = 2 atanh(1/3) and π = 16 atan(1/5) - 4 atan(1/239) (Machin), to all bits but a few. */
const LN2 = 2n * arcSeries(3n, 1n);
const PI = 16n * arcSeries(5n, -1n) - 4n * arcSeries(239n, -1n);

/** Σ sign^j / ((2j + 1) d^(2j + 1)). */
function arcSeries(d: bigint, sign: bigint): bigint {
  let sum = 0n;
  for (let n = 1n, power = ONE / d; power !== 0n; n += 2n, power = (sign * power) / (d * d)) sum += power / n;
  return sum;
}

/** The exact e^x is `fraction` · 2^exponent: fixed point holds it for any x. */
function expScaled(x: bigint): { fraction: bigint; exponent: number } {
  const exponent = Number(x / LN2);
  return { fraction: expFixed(x - BigInt(exponent) * LN2), exponent };
}

/** x · 2^n in normal numbers, without a power beyond them. */
const scale = (x: number, n: number): number => x * 2 ** Math.trunc(n / 2) * 2 ** (n - Math.trunc(n / 2));

/** |got - fraction · 2^exponent| in units in the last place. */
const scaledUlps = (got: number, { fraction, exponent }: { fraction: bigint; exponent: number }): number =>
  ulps(scale(got, -exponent), fraction);

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

test('exp, log and pow keep their bounds over the whole range of normal numbers', () => {
  for (const x of grid(-708, 709.7, 300)) {
    expect(scaledUlps(exp(x), expScaled(fixed(x))), `exp(${x})`).toBeLessThan(1);
  }
  for (const n of [-1074, -1060, -1022, -700, -1, 1, 700, 1023]) {
    for (const m of n < -1022 ? [1] : [1, 1.0001, 1.37, 1.41, 1.42, 1.9999]) {
      const exact = (m === 1 ? 0n : logFixed(m)) + BigInt(n) * LN2;
      expect(ulps(log(scale(m, n)), exact), `log(${m} · 2^${n})`).toBeLessThan(1);
    }
  }
  for (const x of [0.1, 0.9, 0.9999, 1.0001, 1.7, 20, 1e6]) {
    for (const power of grid(-700, 700, 15)) {
      const y = power / log(x);
      const exact = expScaled((fixed(y) * logFixed(x)) >> BITS);
      expect(scaledUlps(pow(x, y), exact), `pow(${x}, ${y})`).toBeLessThan(1);
    }
  }
});

test('exp and pow end in subnormals and infinity where f64 does', () => {
  expect([exp(-745.2), exp(-745.13), exp(709.78), exp(709.79)].map((x) => x > 0 && x < Infinity)).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect([pow(2, -1074), pow(2, 1023), pow(2, 1024), pow(2, -1080)]).toEqual([5e-324, 2 ** 1023, Infinity, 0]);
});

test('tanh is within 2 ulp', () => {
  for (const x of [...grid(-3, 3, 200), ...grid(3, 22, 40), 1e-3, -1e-8, 1e-30]) {
    const e = expFixed(fixed(2 * x));
    expect(ulps(tanh(x), ((e - ONE) << BITS) / (e + ONE)), `tanh(${x})`).toBeLessThan(2);
  }
  expect([tanh(0), tanh(30), tanh(-30)]).toEqual([0, 1, -1]);
});

test('cos is within 1 ulp', () => {
  for (const x of [...grid(-10, 10, 200), ...grid(10, 60, 40)]) {
    expect(ulps(cos(x), cosFixed(fixed(x))), `cos(${x})`).toBeLessThan(1);
  }
  // Far out, and next to the zeros, where all digits come from the reduction.
  const quarters = [1, 2, 3, 1001, 77_777, 1_048_575].map((n) => (n * Math.PI) / 2);
  for (const x of [...grid(60, 1.6e6, 100), ...quarters]) {
    expect(ulps(cos(x), cosFixed(fixed(x) % (2n * PI))), `cos(${x})`).toBeLessThan(1);
  }
  expect(() => cos(1e7)).toThrow('cos: expected |x| below 2^20 · π/2, got 10000000; reduce it first');
  expect([cos(0), cos(Infinity), cos(Number.NaN)]).toEqual([1, Number.NaN, Number.NaN]);
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
