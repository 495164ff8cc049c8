// x² of every element. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { mul } from './mul.ts';
import { scale } from './scale.ts';

/** x → x². */
export const square: Op<NoAttrs> = {
  name: 'square',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [x], dOut, apply }) => apply(mul, [apply(scale, [dOut], { alpha: 2 }), x], {}),
  lower: elementwiseCall('square'),
};
