// Group norm: each group of a sample's channels to mean 0 and variance 1, then channels times weight plus bias. Coordinator only.
import { sameAsFirst } from '../elementwise.ts';
import { type KernelCall, labelShape, type Operand, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import { channelLayout, requireAffine } from '../normalization.ts';
import type { GraphNode, Op } from '../op.ts';
import { formatType, type TensorType } from '../tensor-type.ts';

/** Into how many groups of neighbours the channels are cut; what is added to the variance (PyTorch: 1e-5). */
export type GroupNormAttrs = { readonly groups: number; readonly eps: number };

/**
 * Inputs x, a batch of (C, …) or (N, C, …), weight (C) and bias (C), or without bias, or x alone →
 * (x - mean) / sqrt(variance + eps) · weight + bias, mean and variance of each sample's group.
 * @see Wu, He 2018, "Group normalization", arXiv:1803.08494, eq. 1-6
 */
export const groupNorm: Op<GroupNormAttrs> = {
  name: 'groupNorm',
  overwrites: [0],
  infer(inputs, { groups }, where) {
    const { channels } = channelLayout(inputs[0], where);
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
      throw new ModelError(
        `${where}: expected groups to divide the ${channels} channels of ${formatType(inputs[0])}, got ${groups}; choose a divisor`,
      );
    }
    return requireAffine(inputs, [channels], where);
  },
  gradient({ node, inputs: [x, weight], dOut, apply }, input) {
    if (input === 2) return apply(channelBiasGradient, [dOut], {});
    if (input === 1) return apply(groupNormWeightGradient, [dOut, x], node.attrs);
    return apply(groupNormBackward, weight === undefined ? [dOut, x] : [dOut, x, weight], node.attrs);
  },
  lower({ node, inputs: [x, weight, bias], out }) {
    const affine = [weight ? tensor(weight) : 0, bias ? tensor(bias) : 0];
    const args = [out, tensor(x), ...affine, ...shapeArgs(x, node)];
    return [{ kernel: 'groupNorm', args, detail: `groupNorm ${labelShape(x)} ${node.attrs.groups} groups` }];
  },
};

/** (dy, x) and weight, if there is one → dx. */
export const groupNormBackward: Op<GroupNormAttrs> = {
  name: 'groupNormBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower({ node, inputs: [dy, x, weight], out }) {
    const args = [out, tensor(dy), tensor(x), weight ? tensor(weight) : 0, ...shapeArgs(x, node)];
    return [{ kernel: 'groupNormBackward', args, detail: `groupNormBackward ${labelShape(x)}` }];
  },
};

/** (dy, x) → the weight's gradient: each channel's sum of dy x̂. */
export const groupNormWeightGradient: Op<GroupNormAttrs> = {
  name: 'groupNormWeightGradient',
  accumulates: true,
  infer: ([, x], _attrs, where) => channelType(x, where),
  lower({ node, inputs: [dy, x], out, accumulate }): KernelCall[] {
    const args = [out, tensor(dy), tensor(x), ...shapeArgs(x, node), accumulate];
    return [{ kernel: 'groupNormWeightGradient', args, detail: `sum of dy x̂ over ${labelShape(x)} by channel` }];
  },
};

/** dy → the bias's gradient: each channel's sum. */
export const channelBiasGradient: Op<Readonly<Record<string, never>>> = {
  name: 'channelBiasGradient',
  accumulates: true,
  infer: ([dy], _attrs, where) => channelType(dy, where),
  lower({ node, inputs: [dy], out, accumulate }) {
    const { count, channels, spatial } = channelLayout(dy, node.layer);
    const args = [out, tensor(dy), count, channels, spatial, accumulate];
    return [{ kernel: 'channelSum', args, detail: `sum of ${labelShape(dy)} by channel` }];
  },
};

function channelType(x: TensorType, where: string): TensorType {
  return { shape: [channelLayout(x, where).channels], isBatched: false, element: 'f32' };
}

/** samples, channels, spatial, groups, eps. */
function shapeArgs(x: TensorType, { attrs, layer }: GraphNode<GroupNormAttrs>): Operand[] {
  const { count, channels, spatial } = channelLayout(x, layer);
  return [count, channels, spatial, attrs.groups, attrs.eps];
}
