// The maximum of each window of images, and its gradient. Coordinator only.
import { planesOf } from '../images.ts';
import { labelShape, tensor } from '../kernel-call.ts';
import type { Op } from '../op.ts';
import { labelWindows, type PoolingAttrs, pooledType, poolingWords } from '../pooling.ts';

/** x (…, C, H, W) → (…, C, OH, OW), as PyTorch's MaxPool2d; a NaN in a window is its maximum. */
export const maxPool2d: Op<PoolingAttrs> = {
  name: 'maxPool2d',
  infer: ([x], attrs, where) => pooledType(x, attrs, where),
  gradient: ({ node, inputs: [x], dOut, apply }) => apply(maxPool2dBackward, [dOut, x], node.attrs),
  lower({ node, inputs: [x], out }) {
    const args = [out, tensor(x), planesOf(x), poolingWords(x, node, node.attrs, true)];
    return [{ kernel: 'maxPool2d', args, detail: `maxPool2d ${labelShape(x)} ${labelWindows(node.attrs)}` }];
  },
};

/** (dOut, x) → dOut at the first maximum of each window, row by row. It is looked for again in x: keeping where it was would cost memory. */
export const maxPool2dBackward: Op<PoolingAttrs> = {
  name: 'maxPool2dBackward',
  infer: ([, x]) => ({ shape: x.shape, isBatched: x.isBatched, element: 'f32' }),
  lower({ node, inputs: [dOut, x], out }) {
    const args = [out, tensor(dOut), tensor(x), planesOf(x), poolingWords(x, dOut, node.attrs, true)];
    return [{ kernel: 'maxPool2dBackward', args, detail: `maxPool2dBackward ${labelShape(x)}` }];
  },
};
