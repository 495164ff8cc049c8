// Whether a ≥ b, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** (a, b) → 1 where a ≥ b, else 0, also where one is NaN; no gradient passes. */
export const greaterEqual: Op<NoAttrs> = {
  name: 'greaterEqual',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: (context) => elementwiseCall('lessEqual')({ ...context, inputs: [...context.inputs].reverse() }),
};
