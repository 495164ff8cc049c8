// The ELU whose two constants keep mean 0 and variance 1. Coordinator only.
import { type NoAttrs, sameAsFirst } from '../elementwise.ts';
import { callWith } from '../elementwise-with.ts';
import type { Op } from '../op.ts';
import { eluBackward } from './elu.ts';

// Klambauer et al. 2017, arXiv:1706.02515, equation 14.
const ALPHA = 1.6732632423543772;
const SCALE = 1.0507009873554805;

/** x → scale x where x > 0, else scale alpha (e^x - 1). Error < 3 ulp. */
export const selu: Op<NoAttrs> = {
  name: 'selu',
  overwrites: [0],
  infer: sameAsFirst,
  gradient({ inputs: [x], dOut, apply }) {
    return apply(eluBackward, [dOut, x], { above: SCALE, below: SCALE * ALPHA });
  },
  lower: (context) => callWith('elu', context, [SCALE, SCALE * ALPHA]),
};
