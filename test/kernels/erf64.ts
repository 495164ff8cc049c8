// erf, erfc and the normal distribution in float64, by series and continued fraction: what our f32 ones are held against.

/** erf x by e^(-x²) Σ 2^n x^(2n+1) / (2n+1)!!, all of whose terms have one sign (Abramowitz and Stegun 7.1.6). */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc x for x ≥ 1 by its continued fraction (Abramowitz and Stegun 7.1.14). */
function erfcFraction(x: number): number {
  let below = 0;
  for (let k = 400; k >= 1; k--) below = k / 2 / (x + below);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + below);
}

/** 1 - erf x, without cancellation. */
export function erfc64(x: number): number {
  if (x < 1.2) return 1 - erfSeries(Math.max(x, -7));
  return erfcFraction(x);
}

/** erf x. */
export function erf64(x: number): number {
  if (Math.abs(x) < 1.2) return x === 0 ? x : erfSeries(x);
  return x < 0 ? erfcFraction(-x) - 1 : 1 - erfcFraction(x);
}

/** The normal distribution. */
export function normal64(x: number): number {
  return 0.5 * erfc64(-x / Math.SQRT2);
}
