// The mean of each channel of images. Coordinator only.
import type { NoAttrs } from '../elementwise.ts';
import { imageShape, planesOf } from '../images.ts';
import { labelShape, tensor } from '../kernel-call.ts';
import type { Op } from '../op.ts';
import { broadcastTo } from './broadcast-to.ts';
import { reshape } from './reshape.ts';
import { scale } from './scale.ts';

/** x (…, C, H, W) → (…, C). */
export const globalAvgPool: Op<NoAttrs> = {
  name: 'globalAvgPool',
  infer([x], _attrs, where) {
    imageShape(x, where);
    return { shape: x.shape.slice(0, -2), isBatched: x.isBatched, element: 'f32' };
  },
  gradient({ node, inputs: [x], dOut, apply }) {
    const { size } = imageShape(x, node.layer);
    const shares = apply(scale, [dOut], { alpha: 1 / (size[0] * size[1]) });
    const aligned = apply(reshape, [shares], { shape: [...dOut.shape, 1, 1] });
    return apply(broadcastTo, [aligned], { shape: x.shape, isBatched: x.isBatched });
  },
  lower({ node, inputs: [x], out }) {
    const { size } = imageShape(x, node.layer);
    const args = [out, tensor(x), planesOf(x), size[0] * size[1]];
    return [{ kernel: 'planeMean', args, detail: `globalAvgPool ${labelShape(x)}` }];
  },
};
