// -x of every element. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → -x. */
export const negate: Op<NoAttrs> = {
  name: 'negate',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ dOut, apply }) => apply(negate, [dOut], {}),
  lower: elementwiseCall('negate'),
};
