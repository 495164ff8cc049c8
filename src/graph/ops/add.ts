// a + b of two tensors, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** (a, b) → a + b. */
export const add: Op<NoAttrs> = {
  name: 'add',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  gradient: ({ dOut }) => dOut,
  lower: elementwiseCall('add'),
};
