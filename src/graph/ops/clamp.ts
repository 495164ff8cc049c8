// Every element brought between two bounds, and its gradient. Coordinator only.
import { sameAsFirst } from '../elementwise.ts';
import { callWith } from '../elementwise-with.ts';
import { type Operand, words } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';

/** The bounds; one of them may be left out. */
export type ClampAttrs = { readonly min?: number; readonly max?: number };

/** x → min(max(x, min), max); the gradient passes where min ≤ x ≤ max. */
export const clamp: Op<ClampAttrs> = {
  name: 'clamp',
  overwrites: [0],
  infer(inputs, attrs, where) {
    if (attrs.min === undefined && attrs.max === undefined) {
      throw new ModelError(`${where}: expected min, max or both for clamp, got neither; give one`);
    }
    return sameAsFirst(inputs, attrs, where);
  },
  gradient: ({ node, inputs: [x], dOut, apply }) => apply(clampBackward, [dOut, x], node.attrs),
  lower: (context) => callWith('clamp', context, [bounds(context.node.attrs)]),
};

/** (dy, x) → dy where min ≤ x ≤ max, else 0. */
export const clampBackward: Op<ClampAttrs> = {
  name: 'clampBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower: (context) => callWith('clampBackward', context, [bounds(context.node.attrs)]),
};

// As constants in memory, not as arguments: a plan's numbers are finite, and a bound that is not there is infinite.
function bounds({ min = -Infinity, max = Infinity }: ClampAttrs): Operand {
  return words([...new Int32Array(Float32Array.of(min, max).buffer)]);
}
