// A tensor's axes in another order. Coordinator only.
import { requireFloats } from '../elementwise.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatShape, type TensorType } from '../tensor-type.ts';
import { copyFromViewCall, stridesOf } from '../view.ts';

/** Axis i of the result is axis `axes[i]` of x: all axes of `shape` once (the batch axis is none of them), negative from the end. */
export type TransposeAttrs = { readonly axes: readonly number[] };

/** x → x with its axes in another order, written anew. */
export const transpose: Op<TransposeAttrs> = {
  name: 'transpose',
  infer([x], { axes }, where) {
    requireFloats(x, where);
    const order = orderFromStart(x, axes);
    if (order.length !== x.shape.length || x.shape.some((_, axis) => !order.includes(axis))) {
      throw new ModelError(
        `${where}: expected every axis of shape ${formatShape(x.shape)} once, got ${formatShape(axes)}; name each of them`,
      );
    }
    return { shape: order.map((axis) => x.shape[axis]), isBatched: x.isBatched, element: 'f32' };
  },
  gradient({ node, inputs: [x], dOut, apply }) {
    const order = orderFromStart(x, node.attrs.axes);
    return apply(transpose, [dOut], { axes: order.map((_, axis) => order.indexOf(axis)) });
  },
  lower({ node, inputs: [x], out }) {
    const strides = stridesOf(x.shape);
    const order = orderFromStart(x, node.attrs.axes);
    const view = { offset: 0, extents: node.shape, strides: order.map((axis) => strides[axis]) };
    return [copyFromViewCall(node, x, view, out, 'transpose')];
  },
};

function orderFromStart({ shape }: TensorType, axes: readonly number[]): number[] {
  return axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
}
