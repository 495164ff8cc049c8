// x min(max(x + 3, 0), 6) / 6 of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → x min(max(x + 3, 0), 6) / 6. */
export const hardswish: Op<NoAttrs> = {
  name: 'hardswish',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(hardswishBackward, [dOut, x], {}),
  lower: elementwiseCall('hardswish'),
};

/** (dy, x) → dy times the slope at x: 0 up to -3, 1 from 3 on. */
export const hardswishBackward: Op<NoAttrs> = {
  name: 'hardswishBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('hardswishBackward'),
};
