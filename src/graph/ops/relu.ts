// max(x, 0) of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → max(x, 0). */
export const relu: Op<NoAttrs> = {
  name: 'relu',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, dOut, apply }) => apply(reluBackward, [dOut, node], {}),
  lower: elementwiseCall('relu'),
};

/** (dy, y) → dy where y > 0, else 0. */
export const reluBackward: Op<NoAttrs> = {
  name: 'reluBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('reluBackward'),
};
