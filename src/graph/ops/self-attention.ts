// What each token of a sample gathers from the tokens it sees, head by head. Coordinator only.
import { attentionBackwardScratchBytes, attentionScratchBytes } from '../../kernels/attention-scratch.ts';
import { requireFloats } from '../elementwise.ts';
import { labelShape, type Operand, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatType, type TensorType } from '../tensor-type.ts';

/** Into how many heads a token's numbers are cut; whether a token sees only itself and those before it. */
export type SelfAttentionAttrs = { readonly heads: number; readonly causal: boolean };

/**
 * Input (…, tokens, 3 D): queries, keys and values next to each other, each of D = heads · size → (…, tokens, D),
 * softmax(Q Kᵀ / √size) V for each head.
 * @see Vaswani et al. 2017, "Attention is all you need", arXiv:1706.03762, eq. 1
 */
export const selfAttention: Op<SelfAttentionAttrs> = {
  name: 'selfAttention',
  infer([qkv], { heads }, where) {
    requireFloats(qkv, where);
    const width = qkv.shape.at(-1) ?? 0;
    const isWhole = Number.isInteger(heads) && heads > 0 && width > 0 && width % (3 * heads) === 0;
    if (qkv.shape.length < 2 || !isWhole) {
      throw new ModelError(
        `${where}: expected inputs of shape (…,tokens,3·D) with D a multiple of ${heads} heads, got ${formatType(qkv)}; put a dense layer of 3·D units before it, or change heads`,
      );
    }
    return { shape: [...qkv.shape.slice(0, -1), width / 3], isBatched: qkv.isBatched, element: 'f32' };
  },
  gradient: ({ node, inputs: [qkv], dOut, apply }) => apply(selfAttentionBackward, [dOut, qkv], node.attrs),
  lower({ node, inputs: [qkv], out }) {
    const { samples, rest, tokens, size } = layoutOf(qkv, node.attrs);
    const scratch = { of: 'scratch', bytes: () => attentionScratchBytes(tokens, size) } as const;
    const detail = `selfAttention ${labelShape(qkv)} ${node.attrs.heads} heads`;
    return [{ kernel: 'selfAttention', args: [out, tensor(qkv), samples, ...rest, scratch], detail }];
  },
};

/** (dOut, qkv) → the gradient of qkv; the probabilities are computed again. */
export const selfAttentionBackward: Op<SelfAttentionAttrs> = {
  name: 'selfAttentionBackward',
  infer: ([, { shape, isBatched, element }]) => ({ shape, isBatched, element }),
  lower({ node, inputs: [dOut, qkv], out }) {
    const { samples, rest, tokens, size } = layoutOf(qkv, node.attrs);
    const scratch = { of: 'scratch', bytes: () => attentionBackwardScratchBytes(tokens, size) } as const;
    const detail = `selfAttentionBackward ${labelShape(qkv)} ${node.attrs.heads} heads`;
    const args = [out, tensor(dOut), tensor(qkv), samples, ...rest, scratch];
    return [{ kernel: 'selfAttentionBackward', args, detail }];
  },
};

/** The kernels' arguments: samples, then tokens, heads, size of a head, whether causal. */
function layoutOf({ shape, isBatched }: TensorType, { heads, causal }: SelfAttentionAttrs) {
  const lead = elementCount(shape.slice(0, -2));
  const samples: Operand = isBatched ? { of: 'rows', multiplier: lead } : lead;
  const tokens = shape[shape.length - 2];
  const size = shape[shape.length - 1] / (3 * heads);
  return { samples, tokens, size, rest: [tokens, heads, size, causal ? 1 : 0] };
}
