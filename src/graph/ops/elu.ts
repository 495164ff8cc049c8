// x above 0, alpha (e^x - 1) below, of every element; and its gradient. Coordinator only.
import { sameAsFirst } from '../elementwise.ts';
import { callWith } from '../elementwise-with.ts';
import type { Op } from '../op.ts';

/** Minus the limit far below 0; 1 unless given. */
export type EluAttrs = { readonly alpha?: number };

/** x → x where x > 0, else alpha (e^x - 1). Error < 3 ulp. */
export const elu: Op<EluAttrs> = {
  name: 'elu',
  overwrites: [0],
  infer: sameAsFirst,
  gradient({ node, inputs: [x], dOut, apply }) {
    return apply(eluBackward, [dOut, x], { above: 1, below: node.attrs.alpha ?? 1 });
  },
  lower: (context) => callWith('elu', context, [1, context.node.attrs.alpha ?? 1]),
};

/** The slope above 0, and the factor of e^x below. */
export type EluBackwardAttrs = { readonly above: number; readonly below: number };

/** (dy, x) → above dy where x > 0, else below dy e^x: the gradient of ELU and of SELU. */
export const eluBackward: Op<EluBackwardAttrs> = {
  name: 'eluBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower(context) {
    const { above, below } = context.node.attrs;
    return callWith('eluBackward', context, [above, below]);
  },
};
