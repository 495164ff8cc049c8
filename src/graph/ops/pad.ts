// A tensor with a constant written around it. Coordinator only.
import { requireFloats } from '../elementwise.ts';
import { elementsOf, labelShape } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatShape } from '../tensor-type.ts';
import { copyToViewCall, stridesOf } from '../view.ts';
import { slice } from './slice.ts';

/** How many elements to put before and behind, for each axis of `shape` (the batch axis is none of them); `value` is 0 unless given. */
export type PadAttrs = {
  readonly pads: readonly (readonly [before: number, after: number])[];
  readonly value?: number;
};

/** x → x with the value around it. */
export const pad: Op<PadAttrs> = {
  name: 'pad',
  infer([x], { pads, value = 0 }, where) {
    requireFloats(x, where);
    const areCounts = pads.flat().every((count) => Number.isInteger(count) && count >= 0);
    if (pads.length !== x.shape.length || !areCounts || !Number.isFinite(value)) {
      throw new ModelError(
        `${where}: expected a pair of whole numbers from 0 for each axis of shape ${formatShape(x.shape)} and a finite value, got ${JSON.stringify(pads)} and ${value}; give a pair for every axis`,
      );
    }
    const shape = x.shape.map((length, axis) => pads[axis][0] + length + pads[axis][1]);
    return { shape, isBatched: x.isBatched, element: 'f32' };
  },
  gradient({ node, inputs: [x], dOut, apply }) {
    const starts = node.attrs.pads.map(([before]) => before);
    return apply(slice, [dOut], { starts, ends: x.shape.map((length, axis) => starts[axis] + length) });
  },
  lower({ node, inputs: [x], out }) {
    const { pads, value = 0 } = node.attrs;
    const strides = stridesOf(node.shape);
    const offset = pads.reduce((sum, [before], axis) => sum + before * strides[axis], 0);
    return [
      { kernel: 'fill', args: [out, value, elementsOf(node)], detail: `fill ${labelShape(node)} with ${value}` },
      copyToViewCall(node, x, { offset, extents: x.shape, strides }, out, 'pad'),
    ];
  },
};
