// x / (1 + e^-x) of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → x / (1 + e^-x). Error < 5 ulp down to -87, where e^x becomes subnormal. */
export const silu: Op<NoAttrs> = {
  name: 'silu',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(siluBackward, [dOut, x], {}),
  lower: elementwiseCall('silu'),
};

/** (dy, x) → dy times silu'(x). */
export const siluBackward: Op<NoAttrs> = {
  name: 'siluBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('siluBackward'),
};
