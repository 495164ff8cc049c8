// The sum over axes of a tensor. Coordinator only.
import { requireFloats } from '../elementwise.ts';
import { labelShape } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { sumCall } from '../strided.ts';
import { formatShape, type TensorType } from '../tensor-type.ts';
import { broadcastTo } from './broadcast-to.ts';
import { reshape } from './reshape.ts';

/** The axes to sum over, counted in `shape` (the batch axis is none of them), negative from the end; `keepDims` leaves them with length 1. */
export type SumAttrs = { readonly axes: readonly number[]; readonly keepDims: boolean };

/** x → its sum over the axes. */
export const sum: Op<SumAttrs> = {
  name: 'sum',
  accumulates: true,
  infer: ([x], attrs, where) => reducedType(x, attrs, where),
  gradient({ node, inputs: [x], dOut, apply }) {
    const kept = apply(reshape, [dOut], { shape: keptType(x, node.attrs, node.layer).shape });
    return apply(broadcastTo, [kept], { shape: x.shape, isBatched: x.isBatched });
  },
  lower(context) {
    const { node, inputs } = context;
    const [x] = inputs;
    return [sumCall(keptType(x, node.attrs, node.layer), context, `sum ${labelShape(x)} to ${labelShape(node)}`)];
  },
};

/**
 * The type after a reduction.
 * @throws ModelError where an axis is out of range or named twice.
 */
export function reducedType(x: TensorType, attrs: SumAttrs, where: string): TensorType {
  requireFloats(x, where);
  const kept = keptType(x, attrs, where);
  if (attrs.keepDims) return kept;
  const reduced = axesFromStart(x, attrs.axes, where);
  return { ...kept, shape: x.shape.filter((_, axis) => !reduced.includes(axis)) };
}

/** The type after a reduction whose axes keep length 1: it broadcasts to that of `x`. */
export function keptType(x: TensorType, { axes }: SumAttrs, where: string): TensorType {
  const reduced = axesFromStart(x, axes, where);
  const shape = x.shape.map((length, axis) => (reduced.includes(axis) ? 1 : length));
  return { shape, isBatched: x.isBatched, element: x.element };
}

function axesFromStart({ shape }: TensorType, axes: readonly number[], where: string): number[] {
  const rank = shape.length;
  const fromStart = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const isValid = fromStart.every(
    (axis, i) => Number.isInteger(axis) && axis >= 0 && axis < rank && fromStart.indexOf(axis) === i,
  );
  if (!isValid) {
    throw new ModelError(
      `${where}: expected different axes from ${-rank} to ${rank - 1} of shape ${formatShape(shape)}, got ${formatShape(axes)}; name each axis once`,
    );
  }
  return fromStart;
}
