// Shapes → bytes of scratch memory that the attention kernels may write; pure, run by the planner.

const padded = (n: number, whole: number): number => Math.ceil(n / whole) * whole;
/** The start is moved up to a multiple of 16. */
const ALIGNMENT_BYTES = 16;
/** As in assembly/attention-tiles.ts. */
const BLOCK_QUERIES = 32;

/** For `selfAttention` of so many tokens and a head of `size`: keys and values; of eight queries what is theirs, their scores and results. */
export function attentionScratchBytes(tokens: number, size: number): number {
  const [rows, width] = [padded(tokens, 4), padded(size, 8)];
  const floats = rows * (size + width + 8) + 8 * (size + width + 1);
  return floats * 4 + ALIGNMENT_BYTES;
}

/** For `selfAttentionBackward`: keys twice, values, the gradients of both; of a block of queries two arrays of scores and two of rows. */
export function attentionBackwardScratchBytes(tokens: number, size: number): number {
  const [rows, width] = [padded(tokens, 4), padded(size, 8)];
  const floats = rows * (2 * size + 3 * width + 2 * BLOCK_QUERIES) + 2 * BLOCK_QUERIES * width + 8 * (size + width + 1);
  return floats * 4 + ALIGNMENT_BYTES;
}
