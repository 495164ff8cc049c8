// A part of a tensor between two positions of every axis, and its gradient. Coordinator only.
import { requireFloats } from '../elementwise.ts';
import { elementsOf, labelShape } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatShape } from '../tensor-type.ts';
import { copyFromViewCall, copyToViewCall, stridesOf, type View } from '../view.ts';

/**
 * One number for each axis of `shape` (the batch axis is none of them), as numpy's `start:end:step`: negative positions count from
 * the end, positions beyond an end are those of the end, a negative step runs backwards. Steps are 1 unless given.
 */
export type SliceAttrs = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps?: readonly number[];
};

/** x → the part of it. */
export const slice: Op<SliceAttrs> = {
  name: 'slice',
  infer([x], attrs, where) {
    requireFloats(x, where);
    requireAxes(x.shape, attrs, where);
    return { shape: viewOf(x.shape, attrs).extents, isBatched: x.isBatched, element: 'f32' };
  },
  gradient: ({ node, inputs: [x], dOut, apply }) => apply(sliceBackward, [dOut], { ...node.attrs, shape: x.shape }),
  lower: ({ node, inputs: [x], out }) => [copyFromViewCall(node, x, viewOf(x.shape, node.attrs), out, 'slice')],
};

/** dOut → a tensor of the sliced one's shape with dOut in its part, 0 around it. */
export const sliceBackward: Op<SliceAttrs & { readonly shape: readonly number[] }> = {
  name: 'sliceBackward',
  infer: ([dOut], { shape }) => ({ shape, isBatched: dOut.isBatched, element: 'f32' }),
  gradient: ({ node, dOut, apply }) => apply(slice, [dOut], node.attrs),
  lower({ node, inputs: [dOut], out }) {
    const view = viewOf(node.shape, node.attrs);
    return [
      { kernel: 'fill', args: [out, 0, elementsOf(node)], detail: `clear ${labelShape(node)}` },
      copyToViewCall(node, dOut, view, out, 'unslice'),
    ];
  },
};

function requireAxes(shape: readonly number[], { starts, ends, steps }: SliceAttrs, where: string): void {
  const lists = [starts, ends, ...(steps === undefined ? [] : [steps])];
  const areWhole = lists.every((list) => list.length === shape.length && list.every(Number.isInteger));
  if (areWhole && (steps === undefined || !steps.includes(0))) return;
  const got = [starts, ends, steps ?? []].map(formatShape).join(' to ');
  throw new ModelError(
    `${where}: expected a start, an end and a step other than 0 for each axis of shape ${formatShape(shape)}, got ${got}; give one for every axis`,
  );
}

/** Python's `slice.indices` for every axis. */
function viewOf(shape: readonly number[], { starts, ends, steps }: SliceAttrs): View & { extents: number[] } {
  const strides = stridesOf(shape);
  const axes = shape.map((length, axis) => {
    const step = steps?.[axis] ?? 1;
    const [start, end] = [starts[axis], ends[axis]].map((position) => boundPosition(position, length, step));
    const extent = Math.max(0, Math.ceil((end - start) / step));
    return { first: extent === 0 ? 0 : start, extent, stride: strides[axis] * step };
  });
  return {
    offset: axes.reduce((offset, { first }, axis) => offset + first * strides[axis], 0),
    extents: axes.map(({ extent }) => extent),
    strides: axes.map(({ stride }) => stride),
  };
}

function boundPosition(position: number, length: number, step: number): number {
  const fromStart = position < 0 ? position + length : position;
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  return Math.min(Math.max(fromStart, lowest), highest);
}
