// 1 / (1 + e^-x) of every element, and its gradient. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** x → 1 / (1 + e^-x). */
export const sigmoid: Op<NoAttrs> = {
  name: 'sigmoid',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, dOut, apply }) => apply(sigmoidBackward, [dOut, node], {}),
  lower: elementwiseCall('sigmoid'),
};

/** (dy, y) → dy y (1 - y). */
export const sigmoidBackward: Op<NoAttrs> = {
  name: 'sigmoidBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: elementwiseCall('sigmoidBackward'),
};
