// The mean of each window of images, and its gradient. Coordinator only.
import { planesOf } from '../images.ts';
import { labelShape, tensor } from '../kernel-call.ts';
import type { Op } from '../op.ts';
import { labelWindows, type PoolingAttrs, pooledType, poolingWords } from '../pooling.ts';

/** Whether zeros of the padding count in the means (PyTorch's default). */
export type AvgPoolAttrs = PoolingAttrs & { readonly countIncludePad: boolean };

/** x (…, C, H, W) → (…, C, OH, OW), as PyTorch's AvgPool2d. */
export const avgPool2d: Op<AvgPoolAttrs> = {
  name: 'avgPool2d',
  infer: ([x], attrs, where) => pooledType(x, attrs, where),
  gradient({ node, inputs: [x], dOut, apply }) {
    return apply(avgPool2dBackward, [dOut], { ...node.attrs, shape: x.shape });
  },
  lower({ node, inputs: [x], out }) {
    const args = [out, tensor(x), planesOf(x), poolingWords(x, node, node.attrs, node.attrs.countIncludePad)];
    return [{ kernel: 'avgPool2d', args, detail: `avgPool2d ${labelShape(x)} ${labelWindows(node.attrs)}` }];
  },
};

/** dOut → dx of a given shape: each window's elements get their share. */
export const avgPool2dBackward: Op<AvgPoolAttrs & { readonly shape: readonly number[] }> = {
  name: 'avgPool2dBackward',
  infer: ([dOut], { shape }) => ({ shape, isBatched: dOut.isBatched, element: 'f32' }),
  gradient({ node, dOut, apply }) {
    const { kernel, stride, padding, countIncludePad } = node.attrs;
    return apply(avgPool2d, [dOut], { kernel, stride, padding, countIncludePad });
  },
  lower({ node, inputs: [dOut], out }) {
    const meta = poolingWords(node, dOut, node.attrs, node.attrs.countIncludePad);
    const args = [out, tensor(dOut), planesOf(node), meta];
    return [{ kernel: 'avgPool2dBackward', args, detail: `avgPool2dBackward ${labelShape(node)}` }];
  },
};
