// alpha x of every element, alpha a number of the model. Coordinator only.
import { elementwiseCallWith, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → alpha x. */
export const scale: Op<{ readonly alpha: number }> = {
  name: 'scale',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, dOut, apply }) => apply(scale, [dOut], node.attrs),
  lower: elementwiseCallWith('scale'),
};
