// The larger of two tensors, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** (a, b) → maximum(a, b); NaN where one is. The gradient goes to the larger, half of it to each where they are equal. */
export const maximum: Op<NoAttrs> = {
  name: 'maximum',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  gradient({ inputs: [a, b], dOut, apply }, input) {
    return apply(maximumBackward, [dOut, ...(input === 0 ? [a, b] : [b, a])], {});
  },
  lower: elementwiseCall('maximum'),
};

/** (dy, a, b) → dy where a > b or one is NaN, dy / 2 where they are equal, else 0. */
export const maximumBackward: Op<NoAttrs> = {
  name: 'maximumBackward',
  overwrites: [0, 1, 2],
  infer: sameAsFirst,
  lower: elementwiseCall('maximumBackward'),
};
