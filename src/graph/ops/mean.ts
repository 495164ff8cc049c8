// The mean over axes of a tensor. Coordinator only.
import { elementsOf, labelShape } from '../kernel-call.ts';
import type { Op } from '../op.ts';
import { sumCall } from '../strided.ts';
import { elementCount, type TensorType } from '../tensor-type.ts';
import { broadcastTo } from './broadcast-to.ts';
import { reshape } from './reshape.ts';
import { scale } from './scale.ts';
import { keptType, reducedType, type SumAttrs } from './sum.ts';

/** x → its mean over the axes, which are given as for `sum`. */
export const mean: Op<SumAttrs> = {
  name: 'mean',
  infer: ([x], attrs, where) => reducedType(x, attrs, where),
  gradient({ node, inputs: [x], dOut, apply }) {
    const scaled = apply(scale, [dOut], { alpha: 1 / meanCount(x, node) });
    const kept = apply(reshape, [scaled], { shape: keptType(x, node.attrs, node.layer).shape });
    return apply(broadcastTo, [kept], { shape: x.shape, isBatched: x.isBatched });
  },
  lower(context) {
    const { node, inputs, out } = context;
    const [x] = inputs;
    const detail = `mean ${labelShape(x)} to ${labelShape(node)}`;
    const alpha = 1 / meanCount(x, node);
    return [
      sumCall(keptType(x, node.attrs, node.layer), context, `${detail}: sum`),
      { kernel: 'scale', args: [out, out, alpha, elementsOf(node)], detail: `${detail}: by ${alpha}` },
    ];
  },
};

/** How many elements a mean is taken of. */
function meanCount(x: TensorType, node: TensorType): number {
  return elementCount(x.shape) / elementCount(node.shape);
}
