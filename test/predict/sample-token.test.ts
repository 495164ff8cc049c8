// Draws of tokens against the distribution that softmax gives, worked out with JavaScript's own exp.
import { describe, expect, it } from 'vitest';
import { philox4x32 } from '#src/kernels/philox.js';
import { sampleToken } from '#src/predict/sample-token.js';

const SCORES = [0.5, 2, -1, 2, 0];
const DRAWS = 40_000;

function frequencies(rule: Parameters<typeof sampleToken>[1]): number[] {
  const counts = new Array<number>(SCORES.length).fill(0);
  const words = new Uint32Array(4);
  for (let i = 0; i < DRAWS; i++) {
    philox4x32(i, 0, 0, 12, 5, 0, words);
    counts[sampleToken(SCORES, rule, words[0])]++;
  }
  return counts.map((count) => count / DRAWS);
}

function expected(temperature: number, kept: readonly number[]): number[] {
  const powers = SCORES.map((score, token) => (kept.includes(token) ? Math.exp(score / temperature) : 0));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

describe('sampleToken', () => {
  it.each([
    ['at temperature 1', { temperature: 1 }, [0, 1, 2, 3, 4]],
    ['colder', { temperature: 0.5 }, [0, 1, 2, 3, 4]],
    ['hotter', { temperature: 3 }, [0, 1, 2, 3, 4]],
    ['among the 3 most probable', { temperature: 1, topK: 3 }, [1, 3, 0]],
    ['among 1 of two equal ones, the first', { temperature: 1, topK: 1 }, [1]],
    ['among more than there are', { temperature: 1, topK: 99 }, [0, 1, 2, 3, 4]],
  ] as const)('draws %s as softmax says', (_, rule, kept) => {
    const shares = expected(rule.temperature, kept);
    frequencies(rule).forEach((frequency, token) => {
      // Five standard deviations of a share of so many draws.
      const bound = 5 * Math.sqrt((shares[token] * (1 - shares[token])) / DRAWS);
      expect(Math.abs(frequency - shares[token])).toBeLessThanOrEqual(bound);
    });
  });

  it('takes the most probable at temperature 0, of equal ones the first, for every word', () => {
    for (const word of [0, 1, 2 ** 31, 2 ** 32 - 1]) expect(sampleToken(SCORES, { temperature: 0 }, word)).toBe(1);
  });

  it('never draws what must not be, not even for the last words', () => {
    const scores = [Number.NEGATIVE_INFINITY, 1, 0, Number.NEGATIVE_INFINITY];
    for (const word of [0, 2 ** 32 - 1]) {
      expect([1, 2]).toContain(sampleToken(scores, { temperature: 1 }, word));
      expect([1, 2]).toContain(sampleToken(scores, { temperature: 0.01 }, word));
    }
  });
});
