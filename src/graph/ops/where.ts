// One of two tensors, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** (condition, a, b) → a where the condition is not 0, else b; it may be a comparison, and gets no gradient. */
export const where: Op<NoAttrs> = {
  name: 'where',
  broadcasts: true,
  overwrites: [1, 2, 0],
  infer: sameAsFirst,
  gradient({ inputs: [condition], dOut, apply }, input) {
    if (input === 0) return undefined;
    return apply(input === 1 ? maskTrue : maskFalse, [condition, dOut], {});
  },
  lower: elementwiseCall('where'),
};

/** (condition, x) → x where the condition is not 0, else 0. */
export const maskTrue: Op<NoAttrs> = {
  name: 'maskTrue',
  overwrites: [1, 0],
  infer: sameAsFirst,
  gradient: ({ inputs: [condition], dOut, apply }, input) =>
    input === 1 ? apply(maskTrue, [condition, dOut], {}) : undefined,
  lower: elementwiseCall('maskTrue'),
};

/** (condition, x) → x where the condition is 0, else 0. */
export const maskFalse: Op<NoAttrs> = {
  name: 'maskFalse',
  overwrites: [1, 0],
  infer: sameAsFirst,
  gradient: ({ inputs: [condition], dOut, apply }, input) =>
    input === 1 ? apply(maskFalse, [condition, dOut], {}) : undefined,
  lower: elementwiseCall('maskFalse'),
};
