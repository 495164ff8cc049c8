// The smaller of two tensors, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { maximumBackward } from './maximum.ts';
/** (a, b) → minimum(a, b); NaN where one is. The gradient goes to the smaller, half of it to each where they are equal. */
export const minimum: Op<NoAttrs> = {
  name: 'minimum',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  gradient({ inputs: [a, b], dOut, apply }, input) {
    return apply(maximumBackward, [dOut, ...(input === 1 ? [a, b] : [b, a])], {});
  },
  lower: elementwiseCall('minimum'),
};
