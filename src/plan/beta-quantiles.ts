// alpha → the quantiles of Beta(alpha, alpha) at i / 1024, from which the shares of mixtures are drawn. Pure; coordinator only.
import { pow } from '../kernels/scalar.ts';

/** Steps between quantiles; the mixing kernels know the number. */
export const QUANTILE_STEPS = 1024;

/** Cells of the integral over half the distribution, which is symmetric. */
const CELLS = 8192;

/**
 * 1025 numbers from 0 to 1, the one in the middle 1/2.
 *
 * The integral of x^(a-1) (1-x)^(a-1) from 0 to 1/2 is taken in v = x^b, where its integrand x^(a-b) (1-x)^(a-1) / b is smooth for
 * a < 1 (b = a takes the pole at 0 away) and no worse for larger a (b = 1): the midpoint rule, and between its points a line.
 */
export function betaQuantiles(alpha: number): Float32Array {
  const b = alpha < 1 ? alpha : 1;
  const most = pow(0.5, b);
  const xOf = (v: number): number => (b === 1 ? v : pow(v, 1 / b));
  const sums = new Float64Array(CELLS + 1);
  for (let cell = 0; cell < CELLS; cell++) {
    const x = xOf(((cell + 0.5) / CELLS) * most);
    const density = (b === 1 ? pow(x, alpha - 1) : 1) * pow(1 - x, alpha - 1);
    sums[cell + 1] = sums[cell] + density;
  }
  const quantiles = new Float32Array(QUANTILE_STEPS + 1);
  let cell = 0;
  quantiles[QUANTILE_STEPS] = 1;
  for (let i = 1; i <= QUANTILE_STEPS / 2; i++) {
    const wanted = (i / (QUANTILE_STEPS / 2)) * sums[CELLS];
    while (cell < CELLS - 1 && sums[cell + 1] <= wanted) cell++;
    const within = (wanted - sums[cell]) / (sums[cell + 1] - sums[cell]);
    const x = xOf(((cell + Math.min(1, Math.max(0, within))) / CELLS) * most);
    quantiles[i] = x;
    quantiles[QUANTILE_STEPS - i] = 1 - x;
  }
  return quantiles;
}
