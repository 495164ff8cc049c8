// Scores of all tokens → one token: the most probable, or drawn by a random word. Pure.
import { softmax } from './outputs.ts';

/** How freely a token is drawn. */
export interface SamplingRule {
  /** Scores are divided by it; 0 takes the token of the largest score. */
  temperature: number;
  /** Only so many of the largest scores count; all where nothing is said. */
  topK?: number;
}

/**
 * Draws a token. `scores` (tokens) are unnormalised log-probabilities, -∞ for what must not be; of equal scores the lower token goes first.
 * @param word 32 random bits
 */
export function sampleToken(scores: ArrayLike<number>, { temperature, topK }: SamplingRule, word: number): number {
  const order = Array.from(scores, (_, token) => token).sort((a, b) => scores[b] - scores[a] || a - b);
  if (temperature === 0) return order[0];
  const kept = order.slice(0, topK);
  const probabilities = softmax(kept.map((token) => scores[token] / temperature));
  // In the middle of its interval: neither 0 nor 1.
  let left = ((word >>> 0) + 0.5) / 2 ** 32;
  for (const [i, probability] of probabilities.entries()) {
    left -= probability;
    if (left < 0) return kept[i];
  }
  // What rounding has left over.
  return kept.findLast((_, i) => probabilities[i] > 0) ?? kept[0];
}
