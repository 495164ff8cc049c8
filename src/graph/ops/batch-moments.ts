// What batch norm knows of a shard: each channel's mean and variance, and what its running statistics take of them. Coordinator only.
import { batchNormScratchBytes } from '../../kernels/batch-norm-scratch.ts';
import { type NoAttrs, requireFloats } from '../elementwise.ts';
import { elementsOf, labelShape, type Operand, tensor } from '../kernel-call.ts';
import { channelLayout } from '../normalization.ts';
import type { Op } from '../op.ts';

/**
 * x, a batch of (C, …) or (N, C, …) → (2, C): mean and biased variance of each channel over samples and space. It passes no gradient:
 * that of `batchNorm` by x contains the way through the moments.
 */
export const batchMoments: Op<NoAttrs> = {
  name: 'batchMoments',
  mixesSamples: true,
  infer([x], _attrs, where) {
    requireFloats(x, where);
    return { shape: [2, channelLayout(x, where).channels], isBatched: false, element: 'f32' };
  },
  lower({ node, inputs: [x], out }) {
    const { count, channels, spatial } = channelLayout(x, node.layer);
    const args = [out, tensor(x), count, channels, spatial, batchNormScratch(channels)];
    return [{ kernel: 'batchMoments', args, detail: `batchMoments ${labelShape(x)}` }];
  },
};

/** Moments (2, C) → the means (C). */
export const momentsMean: Op<NoAttrs> = {
  name: 'momentsMean',
  infer: ([{ shape }]) => ({ shape: shape.slice(1), isBatched: false, element: 'f32' }),
  lower({ node, inputs: [moments], out }) {
    const args = [out, tensor(moments), 0, elementsOf(node), 0];
    return [{ kernel: 'pickRow', args, detail: `means of ${labelShape(moments)}` }];
  },
};

/**
 * Moments (2, C) and the x that they are of → the unbiased variances (C), times m / (m - 1) for m values a channel: what PyTorch's
 * running variance takes. Of x only the number of values is used; it is 0 / 0 for one value.
 */
export const momentsUnbiasedVariance: Op<NoAttrs> = {
  name: 'momentsUnbiasedVariance',
  infer: ([{ shape }]) => ({ shape: shape.slice(1), isBatched: false, element: 'f32' }),
  lower({ node, inputs: [moments, x], out }) {
    const { count, channels, spatial } = channelLayout(x, node.layer);
    const args = [out, tensor(moments), count, channels, spatial];
    return [{ kernel: 'unbiasedVariance', args, detail: `unbiased variances of ${labelShape(moments)}` }];
  },
};

/** Scratch memory for a batch norm kernel of so many channels. */
export function batchNormScratch(channels: number): Operand {
  return { of: 'scratch', bytes: () => batchNormScratchBytes(channels) };
}
