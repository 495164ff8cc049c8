// x tanh(ln(1 + e^x)) of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → x tanh(softplus(x)). Error < 5 ulp down to -87, where e^x becomes subnormal. */
export const mish: Op<NoAttrs> = {
  name: 'mish',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(mishBackward, [dOut, x], {}),
  lower: elementwiseCall('mish'),
};

/** (dy, x) → dy times mish'(x). */
export const mishBackward: Op<NoAttrs> = {
  name: 'mishBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('mishBackward'),
};
