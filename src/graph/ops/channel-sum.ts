// The sum of images over all but their channels: the gradient of a bias that is added to each channel. Coordinator only.
import type { NoAttrs } from '../elementwise.ts';
import { imageShape, imagesOf } from '../images.ts';
import { labelShape, tensor } from '../kernel-call.ts';
import type { Op } from '../op.ts';
import { broadcastTo } from './broadcast-to.ts';
import { reshape } from './reshape.ts';

/** x (…, C, H, W) → (C): the sum over positions and images, samples included. */
export const channelSum: Op<NoAttrs> = {
  name: 'channelSum',
  accumulates: true,
  infer: ([x], _attrs, where) => ({ shape: [imageShape(x, where).channels], isBatched: false, element: 'f32' }),
  gradient({ inputs: [x], dOut, apply }) {
    const aligned = apply(reshape, [dOut], { shape: [...dOut.shape, 1, 1] });
    return apply(broadcastTo, [aligned], { shape: x.shape, isBatched: x.isBatched });
  },
  lower({ node, inputs: [x], out, accumulate }) {
    const { channels, size } = imageShape(x, node.layer);
    const args = [out, tensor(x), imagesOf(x), channels, size[0] * size[1], accumulate];
    return [{ kernel: 'channelSum', args, detail: `sum ${labelShape(x)} to ${labelShape(node)}` }];
  },
};
