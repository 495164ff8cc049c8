// A counter and a key → the random words of a Philox block, and numbers made of them; any thread.
import { philox4x32 } from '../philox.ts';

/** What a sample's draws depend on beside its id. */
export interface DrawKey {
  epoch: number;
  purpose: number;
  key0: number;
  key1: number;
}

/** The four words of block `block` of a sample. */
export function drawWords(block: number, id: number, { epoch, purpose, key0, key1 }: DrawKey): Uint32Array {
  const words = new Uint32Array(4);
  philox4x32(block, epoch, id, purpose, key0, key1, words);
  return words;
}

/** A word as a number in [0, 1). */
export const unitOf = (word: number): number => word * 2 ** -32;

/** A word as a whole number in [0, n), n below 2^21. */
export const below = (word: number, n: number): number => Math.floor((word * n) / 2 ** 32);
