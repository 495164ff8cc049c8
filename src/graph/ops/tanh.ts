// tanh x of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → tanh x. */
export const tanh: Op<NoAttrs> = {
  name: 'tanh',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, dOut, apply }) => apply(tanhBackward, [dOut, node], {}),
  lower: elementwiseCall('tanh'),
};

/** (dy, y) → dy (1 - y²). */
export const tanhBackward: Op<NoAttrs> = {
  name: 'tanhBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('tanhBackward'),
};
