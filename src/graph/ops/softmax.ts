// The softmax along one axis, and its gradient. Coordinator only.
import { aroundAxis, axisFromStart } from '../axes.ts';
import { sameAsFirst } from '../elementwise.ts';
import { labelShape, tensor } from '../kernel-call.ts';
import type { Op } from '../op.ts';

/** The axis, counted in `shape` (the batch axis is none of them), negative from the end. */
export type SoftmaxAttrs = { readonly axis: number };

/** x → e^x / Σ e^x along the axis; the largest x is taken off first, so that nothing overflows. */
export const softmax: Op<SoftmaxAttrs> = {
  name: 'softmax',
  overwrites: [0],
  infer(inputs, attrs, where) {
    axisFromStart(inputs[0], attrs.axis, where);
    return sameAsFirst(inputs, attrs, where);
  },
  gradient: ({ node, dOut, apply }) => apply(softmaxBackward, [dOut, node], node.attrs),
  lower({ node, inputs: [x], out }) {
    const { outer, length, inner } = aroundAxis(node, axisFromStart(node, node.attrs.axis, node.layer));
    const args = [out, tensor(x), outer, length, inner];
    return [{ kernel: 'softmax', args, detail: `softmax ${labelShape(node)} axis ${node.attrs.axis}` }];
  },
};

/** (dy, y) → y (dy - Σ dy y) along the axis, y the softmax. */
export const softmaxBackward: Op<SoftmaxAttrs> = {
  name: 'softmaxBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower({ node, inputs: [dOut, y], out }) {
    const { outer, length, inner } = aroundAxis(node, axisFromStart(node, node.attrs.axis, node.layer));
    const args = [out, tensor(dOut), tensor(y), outer, length, inner];
    return [{ kernel: 'softmaxBackward', args, detail: `softmaxBackward ${labelShape(node)} axis ${node.attrs.axis}` }];
  },
};
