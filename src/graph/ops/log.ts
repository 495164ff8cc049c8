// ln x of every element. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { div } from './div.ts';

/** x → ln x. */
export const log: Op<NoAttrs> = {
  name: 'log',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(div, [dOut, x], {}),
  lower: elementwiseCall('log'),
};
