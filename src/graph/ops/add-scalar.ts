// x + alpha of every element, alpha a number of the model. Coordinator only.
import { elementwiseCallWith, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → x + alpha. */
export const addScalar: Op<{ readonly alpha: number }> = {
  name: 'addScalar',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ dOut }) => dOut,
  lower: elementwiseCallWith('addScalar'),
};
