// The quantiles of Beta(alpha, alpha) against those of mpmath (30 digits, bisection of the regularised incomplete beta function).
import { describe, expect, it } from 'vitest';
import { betaQuantiles, QUANTILE_STEPS } from '#src/plan/beta-quantiles.js';

const AT = [1, 16, 64, 256, 400, 511];
/** [alpha, the quantiles at i / 1024 for i of AT]. */
const EXACT: [number, number[]][] = [
  [0.2, [2.20095608e-14, 2.30786969e-8, 2.36322136e-5, 0.0238147188, 0.195432179, 0.496939165]],
  [0.4, [1.10730502e-7, 0.000113382529, 0.0036227803, 0.110503342, 0.305190415, 0.498203572]],
  [1, [0.0009765625, 0.015625, 0.0625, 0.25, 0.390625, 0.499023437]],
  [2, [0.0181523664, 0.0740181133, 0.152273424, 0.326351822, 0.426555103, 0.499348958]],
  [8, [0.160608413, 0.245848571, 0.312414072, 0.414989472, 0.464786446, 0.499689199]],
  [100, [0.391663503, 0.42419508, 0.445852647, 0.47613697, 0.490170831, 0.499913346]],
];

describe('betaQuantiles', () => {
  it.each(EXACT)('of alpha %f are those of mpmath to 2e-5', (alpha, exact) => {
    const quantiles = betaQuantiles(alpha);
    exact.forEach((value, i) => {
      expect(Math.abs(quantiles[AT[i]] - value), `at ${AT[i]}`).toBeLessThan(2e-5);
    });
  });

  it.each([0.01, 0.2, 1, 3.5, 100])('of alpha %f rise from 0 to 1, as far above a half as below', (alpha) => {
    const quantiles = betaQuantiles(alpha);
    expect(quantiles).toHaveLength(QUANTILE_STEPS + 1);
    expect([quantiles[0], quantiles[QUANTILE_STEPS / 2], quantiles[QUANTILE_STEPS]]).toEqual([0, 0.5, 1]);
    for (let i = 0; i < QUANTILE_STEPS; i++) {
      expect(quantiles[i + 1]).toBeGreaterThanOrEqual(quantiles[i]);
      expect(Math.abs(quantiles[i] + quantiles[QUANTILE_STEPS - i] - 1)).toBeLessThan(1e-7);
    }
  });
});
