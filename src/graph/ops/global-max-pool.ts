// The maximum of each channel of images. Coordinator only.
import type { NoAttrs } from '../elementwise.ts';
import { imageShape, planesOf } from '../images.ts';
import { labelShape, tensor } from '../kernel-call.ts';
import type { Op } from '../op.ts';
import { type PoolingAttrs, poolingWords } from '../pooling.ts';
import type { TensorType } from '../tensor-type.ts';
import { maxPool2dBackward } from './max-pool2d.ts';
import { reshape } from './reshape.ts';

/** x (…, C, H, W) → (…, C); the first of equal maxima gets the gradient, a NaN is a channel's maximum. */
export const globalMaxPool: Op<NoAttrs> = {
  name: 'globalMaxPool',
  infer([x], _attrs, where) {
    imageShape(x, where);
    return { shape: x.shape.slice(0, -2), isBatched: x.isBatched, element: 'f32' };
  },
  gradient({ node, inputs: [x], dOut, apply }) {
    const aligned = apply(reshape, [dOut], { shape: [...dOut.shape, 1, 1] });
    return apply(maxPool2dBackward, [aligned, x], wholeWindow(x, node.layer));
  },
  lower({ node, inputs: [x], out }) {
    const pooled = { ...node, shape: [...node.shape, 1, 1] };
    const args = [out, tensor(x), planesOf(x), poolingWords(x, pooled, wholeWindow(x, node.layer), true)];
    return [{ kernel: 'maxPool2d', args, detail: `globalMaxPool ${labelShape(x)}` }];
  },
};

/** One window: the whole image. */
function wholeWindow(x: TensorType, where: string): PoolingAttrs {
  return { kernel: imageShape(x, where).size, stride: [1, 1], padding: [0, 0] };
}
