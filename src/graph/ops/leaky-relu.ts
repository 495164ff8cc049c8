// x above 0, a fraction of x below, of every element; and its gradient. Coordinator only.
import { sameAsFirst } from '../elementwise.ts';
import { callWith } from '../elementwise-with.ts';
import type { Op } from '../op.ts';

/** What x is multiplied by below 0; 0.01 unless given. */
export type LeakyReluAttrs = { readonly slope?: number };

const DEFAULT_SLOPE = 0.01;

/** x → x where x > 0, else slope x. */
export const leakyRelu: Op<LeakyReluAttrs> = {
  name: 'leakyRelu',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ node, inputs: [x], dOut, apply }) => apply(leakyReluBackward, [dOut, x], node.attrs),
  lower: (context) => callWith('leakyRelu', context, [context.node.attrs.slope ?? DEFAULT_SLOPE]),
};

/** (dy, x) → dy where x > 0, else slope dy. */
export const leakyReluBackward: Op<LeakyReluAttrs> = {
  name: 'leakyReluBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: (context) => callWith('leakyReluBackward', context, [context.node.attrs.slope ?? DEFAULT_SLOPE]),
};
