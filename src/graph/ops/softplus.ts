// ln(1 + e^x) of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → ln(1 + e^x), which is x from 20 on. Error < 3 ulp. */
export const softplus: Op<NoAttrs> = {
  name: 'softplus',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(softplusBackward, [dOut, x], {}),
  lower: elementwiseCall('softplus'),
};

/** (dy, x) → dy / (1 + e^-x). */
export const softplusBackward: Op<NoAttrs> = {
  name: 'softplusBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('softplusBackward'),
};
