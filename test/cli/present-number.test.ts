import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatLoss,
  formatMetric,
  formatMs,
  formatPercent,
  formatRate,
  formatRemaining,
  formatShare,
} from '#src/cli/present-number.js';

// The expected texts are worked by hand.
describe('numbers for people', () => {
  it.each([
    [formatCount(0), '0'],
    [formatCount(999), '999'],
    [formatCount(1000), '1,000'],
    [formatCount(1_234_567.6), '1,234,568'],
    [formatCounted(1, 'step'), '1 step'],
    [formatCounted(0, 'step'), '0 steps'],
    [formatBytes(640), '640 B'],
    [formatBytes(1024), '1.0 KiB'],
    [formatBytes(1_048_575), '1.0 MiB'],
    [formatBytes(9.3 * 2 ** 20), '9.3 MiB'],
    [formatBytes(2 ** 32), '4.0 GiB'],
    [formatDuration(0.0464), '46 ms'],
    [formatDuration(0.9996), '1.0 s'],
    [formatDuration(99.94), '99.9 s'],
    [formatDuration(99.96), '1m 40s'],
    [formatDuration(125), '2m 05s'],
    [formatDuration(3599.4), '59m 59s'],
    [formatDuration(3599.6), '1h 00m'],
    [formatDuration(3725), '1h 02m'],
    [formatRemaining(0.2), '1 s'],
    [formatRemaining(12.1), '13 s'],
    [formatRemaining(125), '2m 05s'],
    [formatLoss(0.245_12), '0.2451'],
    [formatLoss(0), '0.0000'],
    [formatLoss(0.000_012_34), '1.2e-5'],
    [formatLoss(12.345), '12.35'],
    [formatLoss(9.999_96), '10.00'],
    [formatLoss(1234.5), '1235'],
    [formatLoss(2_300_000), '2.3e6'],
    [formatLoss(Number.NaN), 'NaN'],
    [formatLoss(Number.NEGATIVE_INFINITY), '-∞'],
    [formatPercent(0.927_06), '92.71 %'],
    [formatPercent(1), '100.00 %'],
    [formatShare(0.334), '33 %'],
    [formatShare(0.004), '<1 %'],
    [formatShare(0), '0 %'],
    [formatRate(0.001), '0.001'],
    [formatRate(0.000_25), '2.5e-4'],
    [formatRate(0.012_345), '0.0123'],
    [formatRate(1), '1'],
    [formatMs(0.0341), '0.034'],
    [formatMs(9.461), '9.46'],
    [formatMs(123.6), '124'],
    [formatMs(1234.4), '1,234'],
    [formatMetric('accuracy', 0.5), '50.00 %'],
    [formatMetric('mse', 0.5), '0.5000'],
  ])('%s reads %s', (text, expected) => expect(text).toBe(expected));

  it('a loss keeps its value within a twentieth, in at most seven characters', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), (loss) => {
        const text = formatLoss(loss);
        expect(text.length).toBeLessThanOrEqual(7);
        // Half a unit of the second digit, at its smallest.
        expect(Math.abs(Number(text) - loss)).toBeLessThanOrEqual(0.051 * loss);
      }),
    );
  });

  it('a count is the number again without its commas', () => {
    fc.assert(
      fc.property(fc.nat(), (count) => {
        const text = formatCount(count);
        expect(text).toMatch(/^\d{1,3}(,\d{3})*$/);
        expect(Number(text.replaceAll(',', ''))).toBe(count);
      }),
    );
  });
});
