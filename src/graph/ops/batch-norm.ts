// Batch norm: each channel of a shard to mean 0 and variance 1, then times weight plus bias; in evaluation by running statistics. Coordinator only.
import { requireFloats, sameAsFirst } from '../elementwise.ts';
import { labelShape, type Operand, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import { channelLayout, requireAffine } from '../normalization.ts';
import type { GraphNode, Op } from '../op.ts';
import { formatType, isSameShape, type TensorType } from '../tensor-type.ts';
import { batchNormScratch } from './batch-moments.ts';
import { batchNormInference } from './batch-norm-inference.ts';
import { batchNormSums, pickRow } from './batch-norm-sums.ts';

/** What is added to the variance (PyTorch: 1e-5); whether there are weight and bias. */
export type BatchNormAttrs = { readonly eps: number; readonly affine: boolean };

/**
 * Inputs x (a batch of (C, …), or (N, C, …)) and its moments (2, C) by `batchMoments`; weight (C) and bias (C) where it is `affine`;
 * running mean (C) and variance (C) where there are some → (x - mean) / sqrt(variance + eps) · weight + bias. Without running
 * statistics evaluation normalises by the moments of what it is given, too.
 * @see Ioffe, Szegedy 2015, "Batch normalization", arXiv:1502.03167, algorithm 1
 */
export const batchNorm: Op<BatchNormAttrs> = {
  name: 'batchNorm',
  overwrites: [0],
  infer(inputs, { affine }, where) {
    const [x, moments] = inputs;
    const { channels } = channelLayout(x, where);
    const arrays = inputs.slice(2);
    const isComplete = [affine ? 2 : 0, affine ? 4 : 2].includes(arrays.length);
    requireFloats(moments, where);
    if (!isComplete || moments.isBatched || !isSameShape(moments.shape, [2, channels])) {
      const expected = `${affine ? 'weight and bias, ' : ''}running mean and variance or none`;
      throw new ModelError(
        `${where}: expected moments (2,${channels}) of ${formatType(x)}, ${expected}, got ${inputs.slice(1).map(formatType).join(' ')}; make the moments by batchMoments`,
      );
    }
    return requireAffine([x, ...arrays], [channels], where);
  },
  gradient({ node, inputs, dOut, apply }, input) {
    const [x, moments, weight] = inputs;
    const { eps, affine } = node.attrs;
    if (input === 1 || input > (affine ? 3 : 0)) return undefined;
    const sums = apply(batchNormSums, [dOut, x, moments], { eps });
    if (input === 0) return apply(batchNormBackward, [dOut, x, moments, sums, ...(affine ? [weight] : [])], { eps });
    return apply(pickRow, [sums], { row: input === 3 ? 0 : 1 });
  },
  inEvaluation({ node, inputs, apply }) {
    const { eps, affine } = node.attrs;
    const [x, , ...arrays] = inputs;
    const parameters = affine ? arrays.slice(0, 2) : [];
    const statistics = arrays.slice(parameters.length);
    if (statistics.length === 0) return apply(batchNorm, inputs, node.attrs);
    return apply(batchNormInference, [x, ...statistics, ...parameters], { eps });
  },
  lower({ node, inputs: [x, moments, weight, bias], out }) {
    const affine = node.attrs.affine ? [tensor(weight), tensor(bias)] : [0, 0];
    const args = [out, tensor(x), tensor(moments), 0, ...affine, ...shapeArgs(x, node)];
    return [{ kernel: 'batchNorm', args, detail: `batchNorm ${labelShape(x)}` }];
  },
};

/** (dy, x, moments, sums by `batchNormSums`) and weight, if there is one → dx, the way through the moments included. */
export const batchNormBackward: Op<{ readonly eps: number }> = {
  name: 'batchNormBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower({ node, inputs: [dy, x, moments, sums, weight], out }) {
    const arrays = [tensor(dy), tensor(x), tensor(moments), weight ? tensor(weight) : 0, tensor(sums)];
    const args = [out, ...arrays, ...shapeArgs(x, node)];
    return [{ kernel: 'batchNormBackward', args, detail: `batchNormBackward ${labelShape(x)}` }];
  },
};

/** samples, channels, spatial, eps, scratch. */
function shapeArgs(x: TensorType, { attrs, layer }: GraphNode<{ readonly eps: number }>): Operand[] {
  const { count, channels, spatial } = channelLayout(x, layer);
  return [count, channels, spatial, attrs.eps, batchNormScratch(channels)];
}
