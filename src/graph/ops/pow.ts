// Every element to the power of one number, and its gradient. Coordinator only.
import { requireFloats, sameAsFirst } from '../elementwise.ts';
import { callWith } from '../elementwise-with.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { scale } from './scale.ts';

/** Any finite number. */
export type PowAttrs = { readonly exponent: number };

/** x → x^exponent; NaN below 0 unless the exponent is whole. Error < 0.51 ulp. */
export const pow: Op<PowAttrs> = {
  name: 'pow',
  overwrites: [0],
  infer(inputs, attrs, where) {
    requireFloats(inputs[0], where);
    if (!Number.isFinite(attrs.exponent)) {
      throw new ModelError(`${where}: expected a finite exponent, got ${attrs.exponent}; give a number`);
    }
    return sameAsFirst(inputs, attrs, where);
  },
  gradient({ node, inputs: [x], dOut, apply }) {
    // 0 · x^-1 would be NaN at 0.
    return node.attrs.exponent === 0 ? apply(scale, [dOut], { alpha: 0 }) : apply(powBackward, [dOut, x], node.attrs);
  },
  lower: (context) => callWith('pow', context, [context.node.attrs.exponent]),
};

/** (dy, x) → dy exponent x^(exponent - 1). */
export const powBackward: Op<PowAttrs> = {
  name: 'powBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: (context) => callWith('powBackward', context, [context.node.attrs.exponent]),
};
