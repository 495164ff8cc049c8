// The made-up sequences: every token follows the one rule but for the noise, and input and target are one sequence.
import { describe, expect, it } from 'vitest';
import { openSyntheticTokens } from '#src/data/synthetic-tokens.js';

function sequencesOf(options: { samples: number; length: number; vocabulary: number; noise: number }, seed = 1) {
  const inputs = new Int32Array(options.samples * options.length);
  const targets = new Int32Array(inputs.length);
  openSyntheticTokens(options, seed).fill(inputs, targets);
  return { inputs, targets };
}

describe('synthetic tokens', () => {
  it('have one successor each where there is no noise, and the next token as their target', () => {
    const { inputs, targets } = sequencesOf({ samples: 200, length: 9, vocabulary: 11, noise: 0 });
    const successors = new Map<number, number>();
    inputs.forEach((token, i) => {
      expect(token).toBeLessThan(11);
      expect(successors.get(token) ?? targets[i]).toBe(targets[i]);
      successors.set(token, targets[i]);
      if (i % 9 !== 8) expect(inputs[i + 1]).toBe(targets[i]);
    });
    expect(successors.size).toBe(11);
  });

  it('break the rule for about the fraction that is asked for', () => {
    const sizes = { samples: 500, length: 20, vocabulary: 50 };
    const rule = new Map<number, number>();
    const exact = sequencesOf({ ...sizes, noise: 0 });
    exact.inputs.forEach((token, i) => {
      rule.set(token, exact.targets[i]);
    });
    const { inputs, targets } = sequencesOf({ ...sizes, noise: 0.25 });
    const broken = inputs.filter((token, i) => rule.get(token) !== targets[i]).length / inputs.length;
    // 0.25 · 49/50 of 10,000 draws: standard deviation 0.0043.
    expect(Math.abs(broken - 0.245)).toBeLessThan(0.02);
  });

  it('depend on the seed alone', () => {
    const sizes = { samples: 4, length: 5, vocabulary: 7, noise: 0.1 };
    expect(sequencesOf(sizes, 3)).toEqual(sequencesOf(sizes, 3));
    expect(sequencesOf(sizes, 3)).not.toEqual(sequencesOf(sizes, 4));
  });
});
