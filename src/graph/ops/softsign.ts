// x / (1 + |x|) of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → x / (1 + |x|). Error < 1.5 ulp; NaN where x is infinite, as PyTorch's. */
export const softsign: Op<NoAttrs> = {
  name: 'softsign',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(softsignBackward, [dOut, x], {}),
  lower: elementwiseCall('softsign'),
};

/** (dy, x) → dy / (1 + |x|)². */
export const softsignBackward: Op<NoAttrs> = {
  name: 'softsignBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('softsignBackward'),
};
