// Figures taken in turns → medians, spreads, ratios of pairs, and what of a difference is only noise. Pure.

/** The middle of some figures and how far they lie apart. */
export interface Spread {
  median: number;
  low: number;
  high: number;
  count: number;
}

/** Two things measured in turns. */
export interface Comparison {
  /** Of pairs: how often the second fits into the first. */
  ratio: Spread;
  /** False where the median lies within the noise. */
  isDifferent: boolean;
}

/** The value below which this share of the sorted figures lies, between two of them by a straight line. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The middle one, or the mean of the two in the middle. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Median, least and greatest. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values), count: values.length };
}

/**
 * Ratios of the same thing measured twice → the ratios that mean nothing, from 1/f to f: nine tenths of the pairs lie in it. Which of a
 * pair came first is chance, so both directions count.
 */
export function noiseOf(pairs: readonly (readonly [number, number])[]): { low: number; high: number } {
  const ratios = pairs.map(([a, b]) => Math.max(a, b) / Math.min(a, b));
  const high = ratios.length === 0 ? 1 : quantile(ratios, 0.9);
  return { low: 1 / high, high };
}

/** Pairs (a, b) → a / b, and whether that is more than noise. */
export function comparePairs(
  pairs: readonly (readonly [number, number])[],
  noise: { low: number; high: number },
): Comparison {
  const ratio = spreadOf(pairs.map(([a, b]) => a / b));
  return { ratio, isDifferent: ratio.median < noise.low || ratio.median > noise.high };
}
