// x Φ(x) of every element, Φ the normal distribution, exactly or by tanh; and its gradient. Coordinator only.
import { sameAsFirst } from '../elementwise.ts';
import { callWith } from '../elementwise-with.ts';
import { elementsOf, labelShape, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { mul } from './mul.ts';

/** `none`: Φ by erf; `tanh`: x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2. The names are PyTorch's. */
export type GeluAttrs = { readonly approximate: 'none' | 'tanh' };

const FORWARD = { none: 'gelu', tanh: 'geluTanh' } as const;
const WITH_SLOPE = { none: 'geluWithSlope', tanh: 'geluTanhWithSlope' } as const;
const BACKWARD = { none: 'geluBackward', tanh: 'geluTanhBackward' } as const;

/** x → x Φ(x). Error < 8 ulp; with `tanh`, where it is below 0, up to 2^-22 of |x|. */
export const gelu: Op<GeluAttrs> = {
  name: 'gelu',
  overwrites: [0],
  infer(inputs, attrs, where) {
    if (attrs.approximate !== 'none' && attrs.approximate !== 'tanh') {
      throw new ModelError(`${where}: expected approximate 'none' or 'tanh', got '${attrs.approximate}'; choose one`);
    }
    return sameAsFirst(inputs, attrs, where);
  },
  gradient: ({ node, inputs: [x], dOut, apply }) => apply(geluBackward, [dOut, x], node.attrs),
  lower: (context) => callWith(FORWARD[context.node.attrs.approximate], context, []),
};

/**
 * x → memory for the slope at x of each element, which `geluWithSlope` fills, as it has what the slope is made of; it has this tensor
 * among its inputs, and each lives as long as it is read.
 */
export const geluSlope: Op<GeluAttrs> = { name: 'geluSlope', infer: sameAsFirst, lower: () => [] };

/**
 * (x, the memory of `geluSlope`) → gelu(x), for training: what plan/fuse.ts makes of `gelu`. The gradient is one product then, where
 * `geluBackward` would compute the exponential again; bit for bit the same.
 */
export const geluWithSlope: Op<GeluAttrs> = {
  name: 'geluWithSlope',
  overwrites: [0],
  infer: sameAsFirst,
  gradient: ({ inputs: [, slope], dOut, apply }, input) => (input === 0 ? apply(mul, [dOut, slope], {}) : undefined),
  inEvaluation: ({ node, inputs: [x], apply }) => apply(gelu, [x], node.attrs),
  lower({ node, inputs: [x, slope], out }) {
    const kernel = WITH_SLOPE[node.attrs.approximate];
    return [
      { kernel, args: [out, tensor(slope), tensor(x), elementsOf(node)], detail: `${kernel} ${labelShape(node)}` },
    ];
  },
};

/** (dy, x) → dy times the slope at x. */
export const geluBackward: Op<GeluAttrs> = {
  name: 'geluBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: (context) => callWith(BACKWARD[context.node.attrs.approximate], context, []),
};
