// a b of two tensors, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** (a, b) → a b. */
export const mul: Op<NoAttrs> = {
  name: 'mul',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  gradient: ({ inputs, dOut, apply }, input) => apply(mul, [dOut, inputs[1 - input]], {}),
  lower: elementwiseCall('mul'),
};
