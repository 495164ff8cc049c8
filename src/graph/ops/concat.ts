// Tensors one behind the other along an axis. Coordinator only.
import { axisFromStart } from '../axes.ts';
import { requireFloats } from '../elementwise.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatType, isSameShape, type TensorType } from '../tensor-type.ts';
import { copyToViewCall, stridesOf } from '../view.ts';
import { slice } from './slice.ts';

/** The axis, counted in `shape` (the batch axis is none of them), negative from the end. */
export type ConcatAttrs = { readonly axis: number };

/** One or more tensors that agree in all other axes → all of them in one. */
export const concat: Op<ConcatAttrs> = {
  name: 'concat',
  infer(inputs, attrs, where) {
    const [first] = inputs;
    if (first === undefined)
      throw new ModelError(`${where}: expected a tensor to concatenate, got none; give one or more`);
    const axis = axisFromStart(first, attrs.axis, where);
    for (const input of inputs) {
      requireFloats(input, where);
      if (input.isBatched === first.isBatched && isSameShape(without(input, axis), without(first, axis))) continue;
      throw new ModelError(
        `${where}: expected shapes that differ in axis ${attrs.axis} only, got ${formatType(first)} and ${formatType(input)}; reshape or broadcast one of them`,
      );
    }
    const length = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
    return { shape: first.shape.with(axis, length), isBatched: first.isBatched, element: 'f32' };
  },
  gradient({ node, inputs, dOut, apply }, input) {
    const axis = axisFromStart(node, node.attrs.axis, node.layer);
    const start = startOf(inputs, input, axis);
    const starts = node.shape.map((_, at) => (at === axis ? start : 0));
    const ends = node.shape.map((length, at) => (at === axis ? start + inputs[input].shape[axis] : length));
    return apply(slice, [dOut], { starts, ends });
  },
  lower({ node, inputs, out }) {
    const axis = axisFromStart(node, node.attrs.axis, node.layer);
    const strides = stridesOf(node.shape);
    return inputs.map((input, index) => {
      const view = { offset: startOf(inputs, index, axis) * strides[axis], extents: input.shape, strides };
      return copyToViewCall(node, input, view, out, 'concat');
    });
  },
};

function without({ shape }: TensorType, axis: number): number[] {
  return shape.filter((_, at) => at !== axis);
}

/** Where an input begins along the axis. */
function startOf(inputs: readonly TensorType[], input: number, axis: number): number {
  return inputs.slice(0, input).reduce((sum, { shape }) => sum + shape[axis], 0);
}
