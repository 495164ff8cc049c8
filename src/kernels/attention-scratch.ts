// Shapes → bytes of scratch memory that the attention kernels may write; pure, run by the planner.

const padded = (n: number): number => Math.ceil(n / 8) * 8;
/** The start is moved up to a multiple of 16. */
const ALIGNMENT_BYTES = 16;

/** For `selfAttention` of so many tokens and a head of `size`: keys, values, scores and results of four tokens, and their sums. */
export function attentionScratchBytes(tokens: number, size: number): number {
  const floats = (size + 4) * padded(tokens) + (tokens + 4) * padded(size) + 4;
  return floats * 4 + ALIGNMENT_BYTES;
}

/** For `selfAttentionBackward`: keys and values, keys and the gradients of both by rows; of four tokens all that is theirs. */
export function attentionBackwardScratchBytes(tokens: number, size: number): number {
  const floats = (2 * size + 8) * padded(tokens) + (3 * tokens + 12) * padded(size);
  return floats * 4 + ALIGNMENT_BYTES;
}
