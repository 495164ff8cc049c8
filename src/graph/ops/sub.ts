// a - b of two tensors, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { negate } from './negate.ts';

/** (a, b) → a - b. */
export const sub: Op<NoAttrs> = {
  name: 'sub',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  gradient: ({ dOut, apply }, input) => (input === 0 ? dOut : apply(negate, [dOut], {})),
  lower: elementwiseCall('sub'),
};
