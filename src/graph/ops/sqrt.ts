// √x of every element. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { div } from './div.ts';
import { scale } from './scale.ts';

/** x → √x. */
export const sqrt: Op<NoAttrs> = {
  name: 'sqrt',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, dOut, apply }) => apply(div, [apply(scale, [dOut], { alpha: 0.5 }), node], {}),
  lower: elementwiseCall('sqrt'),
};
