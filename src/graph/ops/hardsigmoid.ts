// min(max(x + 3, 0), 6) / 6 of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → min(max(x + 3, 0), 6) / 6. */
export const hardsigmoid: Op<NoAttrs> = {
  name: 'hardsigmoid',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(hardsigmoidBackward, [dOut, x], {}),
  lower: elementwiseCall('hardsigmoid'),
};

/** (dy, x) → dy / 6 where -3 < x < 3, else 0. */
export const hardsigmoidBackward: Op<NoAttrs> = {
  name: 'hardsigmoidBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('hardsigmoidBackward'),
};
