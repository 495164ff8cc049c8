// e^x of every element. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { mul } from './mul.ts';

/** x → e^x. */
export const exp: Op<NoAttrs> = {
  name: 'exp',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, dOut, apply }) => apply(mul, [dOut, node], {}),
  lower: elementwiseCall('exp'),
};
