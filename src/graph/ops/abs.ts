// |x| of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → |x|. */
export const abs: Op<NoAttrs> = {
  name: 'abs',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(absBackward, [dOut, x], {}),
  lower: elementwiseCall('abs'),
};

/** (dy, x) → dy with the sign of x, 0 where x is 0. */
export const absBackward: Op<NoAttrs> = {
  name: 'absBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('absBackward'),
};
