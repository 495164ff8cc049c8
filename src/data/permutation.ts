// (seed, purpose, epoch) → a random order of 0..n−1, always the same one; any thread.

import { philox4x32 } from '../kernels/philox.ts';
import type { Purpose } from '../kernels/purpose.ts';

/**
 * ⌊random · bound / 2^64⌋ for the 64-bit random number `high · 2^32 + low`: an integer in [0, bound), bound ≤ 2^32.
 *
 * Taking the high part of the product needs no division and no second draw. Each value comes up ⌊2^64/bound⌋ or one more times in
 * 2^64, a relative bias below bound / 2^64 (3·10^−13 for three million): far below what any number of epochs could show. With
 * 32 random bits it would be 10^−3, which is why two words are spent.
 *
 * The product is done by 16-bit limbs, lowest first, so that every step stays an exact double below 2^49.
 *
 * @see Lemire 2019, "Fast random integer generation in an interval", arXiv:1805.10941, section 4, without its rejection
 */
export function boundedInteger(high: number, low: number, bound: number): number {
  let carry = Math.floor(((low & 0xffff) * bound) / 65536);
  carry = Math.floor(((low >>> 16) * bound + carry) / 65536);
  carry = Math.floor(((high & 0xffff) * bound + carry) / 65536);
  return Math.floor(((high >>> 16) * bound + carry) / 65536);
}

/**
 * Writes a permutation of 0..out.length−1: Fisher–Yates from the last position down, position i drawing from the words
 * 2(i mod 2) and 2(i mod 2) + 1 of the Philox block with the counter (⌊i/2⌋, epoch, part, purpose).
 *
 * @see Durstenfeld 1964, Algorithm 235: Random permutation, CACM 7(7)
 */
export function permute(out: Uint32Array, seed: number, purpose: Purpose, epoch: number, part = 0): void {
  const seedLow = seed >>> 0;
  const seedHigh = Math.floor(seed / 2 ** 32) >>> 0;
  const words = new Uint32Array(4);
  let drawnBlock = -1;
  identity(out);
  for (let i = out.length - 1; i > 0; i--) {
    const block = i >>> 1;
    if (block !== drawnBlock) philox4x32(block, epoch, part, purpose, seedLow, seedHigh, words);
    drawnBlock = block;
    const word = (i & 1) << 1;
    const j = boundedInteger(words[word], words[word + 1], i + 1);
    const swapped = out[i];
    out[i] = out[j];
    out[j] = swapped;
  }
}

/** Writes 0, 1, 2, … */
export function identity(out: Uint32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = i;
}
