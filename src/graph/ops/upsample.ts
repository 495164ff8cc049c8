// Images enlarged by whole numbers, and the gradient. Coordinator only.
import { formatPair, imageShape, type Pair, planesOf, requirePair, withImage } from '../images.ts';
import { labelShape, tensor, words } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';

/** How the elements between are found; the values are the kernels'. */
const MODES = {
  nearest: { forward: 'upsampleNearest', backward: 'upsampleNearestBackward' },
  bilinear: { forward: 'upsampleBilinear', backward: 'upsampleBilinearBackward' },
} as const;

/** `scale` is [vertical, horizontal]; bilinear as PyTorch without aligned corners. */
export type UpsampleAttrs = { readonly scale: Pair; readonly mode: keyof typeof MODES };

/** x (…, C, H, W) → (…, C, H · scale, W · scale), as PyTorch's Upsample. */
export const upsample: Op<UpsampleAttrs> = {
  name: 'upsample',
  infer([x], { scale, mode }, where) {
    requirePair('a scale', scale, 1, where);
    if (!Object.hasOwn(MODES, mode)) {
      throw new ModelError(
        `${where}: expected mode ${Object.keys(MODES).join(' or ')}, got ${mode}; use one of the two`,
      );
    }
    const { channels, size } = imageShape(x, where);
    return withImage(x, channels, [size[0] * scale[0], size[1] * scale[1]]);
  },
  gradient: ({ node, dOut, apply }) => apply(upsampleBackward, [dOut], node.attrs),
  lower({ node, inputs: [x], out }) {
    const { scale, mode } = node.attrs;
    const args = [out, tensor(x), planesOf(x), words([...x.shape.slice(-2), ...scale])];
    return [{ kernel: MODES[mode].forward, args, detail: `upsample ${mode} ${labelShape(x)} by ${formatPair(scale)}` }];
  },
};

/** dOut → the gradient of the smaller images. */
export const upsampleBackward: Op<UpsampleAttrs> = {
  name: 'upsampleBackward',
  infer([dOut], { scale }, where) {
    const { channels, size } = imageShape(dOut, where);
    return withImage(dOut, channels, [size[0] / scale[0], size[1] / scale[1]]);
  },
  gradient: ({ node, dOut, apply }) => apply(upsample, [dOut], node.attrs),
  lower({ node, inputs: [dOut], out }) {
    const { scale, mode } = node.attrs;
    const args = [out, tensor(dOut), planesOf(node), words([...node.shape.slice(-2), ...scale])];
    return [{ kernel: MODES[mode].backward, args, detail: `upsampleBackward ${mode} ${labelShape(node)}` }];
  },
};
