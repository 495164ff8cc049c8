// Whether a ≠ b, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** (a, b) → 1 where a ≠ b, else 0 (1 where one is NaN); no gradient passes. */
export const notEqual: Op<NoAttrs> = {
  name: 'notEqual',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('notEqual'),
};
