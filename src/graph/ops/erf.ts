// The error function of every element. Coordinator only.
import { elementwiseCall, type NoAttrs, sameAsFirst } from '../elementwise.ts';
import type { Op } from '../op.ts';
import { exp } from './exp.ts';
import { mul } from './mul.ts';
import { negate } from './negate.ts';
import { scale } from './scale.ts';
import { square } from './square.ts';

const TWO_OVER_ROOT_PI = 1.1283791670955126;

/** x → erf x. Error < 1.5 ulp. */
export const erf: Op<NoAttrs> = {
  name: 'erf',
  overwrites: [0],
  infer: sameAsFirst,
  gradient({ inputs: [x], dOut, apply }) {
    const bell = apply(exp, [apply(negate, [apply(square, [x], {})], {})], {});
    return apply(mul, [apply(scale, [dOut], { alpha: TWO_OVER_ROOT_PI }), bell], {});
  },
  lower: elementwiseCall('erf'),
};
