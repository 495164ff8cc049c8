// a / b of two tensors, element by element, with broadcasting. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { mul } from './mul.ts';
import { negate } from './negate.ts';

/** (a, b) → a / b. */
export const div: Op<NoAttrs> = {
  name: 'div',
  broadcasts: true,
  overwrites: [0, 1],
  infer: sameAsFirst,
  gradient({ node, inputs: [, b], dOut, apply }, input) {
    const dA = apply(div, [dOut, b], {});
    // d(a/b)/db = -(a/b)/b
    return input === 0 ? dA : apply(negate, [apply(mul, [dA, node], {})], {});
  },
  lower: elementwiseCall('div'),
};
