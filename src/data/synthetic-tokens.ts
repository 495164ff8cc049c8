// (seed, sizes) → made-up sequences of tokens to predict, the same ones on every machine; coordinator.
import type { Source } from './source.ts';
import { DRAW, Draw } from './synthetic.ts';

export interface SyntheticTokensOptions {
  samples: number;
  length: number;
  vocabulary: number;
  noise: number;
}

/**
 * Makes a source of token sequences. Every token has one successor, which the seed decides; in a sequence each token is the successor of
 * the one before it, or, for a fraction `noise` of them, any token. The target of a token is the token that follows it. What can be
 * learned is the successors: the loss then ends at the entropy of the noise.
 */
export function openSyntheticTokens(options: SyntheticTokensOptions, seed: number): Source {
  const { samples, length, vocabulary, noise } = options;
  return {
    name: 'syntheticTokens',
    input: { shape: [length], storage: 'i32', divisor: 1, classes: vocabulary },
    target: { kind: 'class', storage: 'i32', classes: vocabulary, shape: [length] },
    splitSamples: samples,
    testSamples: 0,
    fill(inputs, targets) {
      const draw = new Draw(seed);
      const successors = new Uint32Array(vocabulary);
      draw.words(successors, 0, vocabulary, DRAW.successor, 0);
      // Two words a token: whether it follows the rule, and which it is where it does not.
      const words = new Uint32Array(2 * (length + 1));
      const sequence = new Int32Array(length + 1);
      for (let i = 0; i < samples; i++) {
        draw.words(words, 0, words.length, DRAW.token, i);
        for (let t = 0; t <= length; t++) {
          const isFree = t === 0 || words[2 * t] < noise * 2 ** 32;
          sequence[t] = (isFree ? words[2 * t + 1] : successors[sequence[t - 1]]) % vocabulary;
        }
        inputs.set(sequence.subarray(0, length), i * length);
        targets.set(sequence.subarray(1), i * length);
      }
    },
  };
}
