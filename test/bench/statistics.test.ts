import { describe, expect, it } from 'vitest';
import { serialFraction } from '#src/bench/amdahl.js';
import { comparePairs, median, noiseOf, quantile, spreadOf } from '#src/bench/statistics.js';

describe('quantile', () => {
  // Hand-worked: numpy's default, a straight line between two sorted values.
  it('lies between two values by a straight line', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([10, 20, 30, 40], 0.9)).toBeCloseTo(37, 12);
    expect(quantile([7], 0.9)).toBe(7);
  });

  it('leaves the values in their order', () => {
    const values = [3, 1, 2];
    expect(spreadOf(values)).toEqual({ median: 2, low: 1, high: 3, count: 3 });
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('noiseOf', () => {
  it('is the same whichever of a pair came first', () => {
    const pairs: [number, number][] = [
      [1, 1.1],
      [2, 2],
      [1.2, 1],
    ];
    expect(noiseOf(pairs)).toEqual(noiseOf(pairs.map(([a, b]) => [b, a])));
    // Ratios 1, 1.1, 1.2: nine tenths of the way is 1.18.
    expect(noiseOf(pairs).high).toBeCloseTo(1.18, 12);
    expect(noiseOf(pairs).low).toBeCloseTo(1 / 1.18, 12);
  });

  it('is nothing without pairs', () => expect(noiseOf([])).toEqual({ low: 1, high: 1 }));
});

describe('comparePairs', () => {
  const noise = { low: 0.9, high: 1.1 };

  it('calls a ratio inside the noise no difference', () => {
    const pairs = [4, 5, 6].map((ms) => [ms * 1.05, ms] as const);
    expect(comparePairs(pairs, noise)).toMatchObject({ isDifferent: false });
  });

  it('takes the median of the ratios of pairs, which a drift of the machine leaves alone', () => {
    const pairs = [1, 3, 10].map((mood) => [2 * mood, mood] as const);
    expect(comparePairs(pairs, noise)).toEqual({ ratio: { median: 2, low: 2, high: 2, count: 3 }, isDifferent: true });
    expect(comparePairs([[1, 2]], noise)).toMatchObject({ isDifferent: true, ratio: { median: 0.5 } });
  });
});

describe('serialFraction', () => {
  const amdahl = (s: number) => (workers: number) => ({ workers, speedUp: 1 / (s + (1 - s) / workers) });

  it.each([0, 0.05, 0.5, 1])('finds the %f that speed-ups were made with', (s) => {
    expect(serialFraction([2, 3, 4, 8].map(amdahl(s)))).toBeCloseTo(s, 12);
    expect(serialFraction([amdahl(s)(2)])).toBeCloseTo(s, 12);
  });

  it('is the best in the sense of least squares where no one fits', () => {
    const measured = [
      { workers: 2, speedUp: 1.7 },
      { workers: 4, speedUp: 3.1 },
      { workers: 8, speedUp: 4 },
    ];
    const error = (s: number) =>
      measured.reduce((sum, { workers, speedUp }) => sum + (1 / speedUp - s - (1 - s) / workers) ** 2, 0);
    const best = serialFraction(measured)!;
    expect(error(best)).toBeLessThan(error(best + 1e-4));
    expect(error(best)).toBeLessThan(error(best - 1e-4));
  });

  it('stays within 0 and 1, and says nothing of one worker alone', () => {
    expect(serialFraction([{ workers: 2, speedUp: 2.4 }])).toBe(0);
    expect(serialFraction([{ workers: 2, speedUp: 0.5 }])).toBe(1);
    expect(serialFraction([{ workers: 1, speedUp: 1 }])).toBeNull();
    expect(serialFraction([])).toBeNull();
  });
});
