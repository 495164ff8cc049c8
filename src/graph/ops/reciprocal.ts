// 1 / x of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → 1 / x. */
export const reciprocal: Op<NoAttrs> = {
  name: 'reciprocal',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, dOut, apply }) => apply(reciprocalBackward, [dOut, node], {}),
  lower: elementwiseCall('reciprocal'),
};

/** (dy, y) → -dy y². */
export const reciprocalBackward: Op<NoAttrs> = {
  name: 'reciprocalBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('reciprocalBackward'),
};
