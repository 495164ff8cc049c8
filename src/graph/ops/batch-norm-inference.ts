// Batch norm by given statistics: evaluation, and training with frozen ones. Coordinator only.
import { sameAsFirst } from '../elementwise.ts';
import { labelShape, type Operand, tensor } from '../kernel-call.ts';
import { channelLayout, requireAffine } from '../normalization.ts';
import type { GraphNode, Op } from '../op.ts';
import type { TensorType } from '../tensor-type.ts';
import { batchNormScratch } from './batch-moments.ts';
import { batchNormSums, pickRow } from './batch-norm-sums.ts';

/** What is added to the variance. */
export type BatchNormInferenceAttrs = { readonly eps: number };

/**
 * Inputs x (a batch of (C, …), or (N, C, …)), mean (C) and variance (C), weight (C) and bias (C) or neither →
 * (x - mean) / sqrt(variance + eps) · weight + bias. Mean and variance get no gradient.
 */
export const batchNormInference: Op<BatchNormInferenceAttrs> = {
  name: 'batchNormInference',
  overwrites: [0],
  infer: (inputs, _attrs, where) => requireAffine(inputs, [channelLayout(inputs[0], where).channels], where),
  gradient({ node, inputs: [x, mean, variance, weight], dOut, apply }, input) {
    if (input === 0) {
      const arrays = weight === undefined ? [dOut, variance] : [dOut, variance, weight];
      return apply(batchNormInferenceBackward, arrays, node.attrs);
    }
    if (input < 3) return undefined;
    const sums = apply(batchNormSums, [dOut, x, mean, variance], node.attrs);
    return apply(pickRow, [sums], { row: input === 4 ? 0 : 1 });
  },
  lower({ node, inputs: [x, mean, variance, weight, bias], out }) {
    const affine = [weight ? tensor(weight) : 0, bias ? tensor(bias) : 0];
    const args = [out, tensor(x), tensor(mean), tensor(variance), ...affine, ...shapeArgs(x, node)];
    return [{ kernel: 'batchNorm', args, detail: `batchNorm ${labelShape(x)} by statistics` }];
  },
};

/** (dy, variance) and weight, if there is one → dx. */
export const batchNormInferenceBackward: Op<BatchNormInferenceAttrs> = {
  name: 'batchNormInferenceBackward',
  overwrites: [0],
  infer: sameAsFirst,
  lower({ node, inputs: [dy, variance, weight], out }) {
    const args = [out, tensor(dy), tensor(variance), weight ? tensor(weight) : 0, ...shapeArgs(dy, node)];
    return [{ kernel: 'batchNormInferenceBackward', args, detail: `batchNormInferenceBackward ${labelShape(dy)}` }];
  },
};

/** samples, channels, spatial, eps, scratch. */
function shapeArgs(x: TensorType, { attrs, layer }: GraphNode<BatchNormInferenceAttrs>): Operand[] {
  const { count, channels, spatial } = channelLayout(x, layer);
  return [count, channels, spatial, attrs.eps, batchNormScratch(channels)];
}
