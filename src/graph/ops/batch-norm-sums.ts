// What both gradients of batch norm are made of: each channel's sums of dy and of dy x̂. Coordinator only.
import { labelShape, tensor } from '../kernel-call.ts';
import { channelLayout } from '../normalization.ts';
import type { Op } from '../op.ts';
import { batchNormScratch } from './batch-moments.ts';

/** (dy, x, moments (2, C)) or (dy, x, mean (C), variance (C)) → (2, C): the sums of dy, the bias's gradient, and of dy x̂, the weight's. */
export const batchNormSums: Op<{ readonly eps: number }> = {
  name: 'batchNormSums',
  infer: ([, x], _attrs, where) => ({ shape: [2, channelLayout(x, where).channels], isBatched: false, element: 'f32' }),
  lower({ node, inputs: [dy, x, mean, variance], out }) {
    const { count, channels, spatial } = channelLayout(x, node.layer);
    const statistics = [tensor(mean), variance ? tensor(variance) : 0];
    const shape = [count, channels, spatial, node.attrs.eps, batchNormScratch(channels)];
    const args = [out, tensor(dy), tensor(x), ...statistics, ...shape];
    return [{ kernel: 'batchNormSums', args, detail: `sums of dy and dy x̂ over ${labelShape(x)} by channel` }];
  },
};

/** (rows, c) → one row (c). */
export const pickRow: Op<{ readonly row: number }> = {
  name: 'pickRow',
  accumulates: true,
  infer: ([x]) => ({ shape: x.shape.slice(1), isBatched: false, element: 'f32' }),
  lower({ node, inputs: [x], out, accumulate }) {
    const args = [out, tensor(x), node.attrs.row, node.shape[0], accumulate];
    return [{ kernel: 'pickRow', args, detail: `row ${node.attrs.row} of ${labelShape(x)}` }];
  },
};
