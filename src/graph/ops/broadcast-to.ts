// A tensor repeated along axes of length 1 and along new axes in front, and its adjoint, the sum over what was repeated. Coordinator only.
import { labelShape } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { spreadCall, sumCall } from '../strided.ts';
import { broadcastTypes, formatType, isSameType } from '../tensor-type.ts';

/** The type to reach. */
export type BroadcastAttrs = { readonly shape: readonly number[]; readonly isBatched: boolean };

/** x → x broadcast to a given type, by numpy's rule; its gradient is summed back. */
export const broadcastTo: Op<BroadcastAttrs> = {
  name: 'broadcastTo',
  infer([x], { shape, isBatched }, where) {
    const type = { shape, isBatched, element: x.element };
    if (!isSameType(broadcastTypes(x, type, where), type)) {
      throw new ModelError(
        `${where}: expected a shape that broadcasts to ${formatType(type)}, got ${formatType(x)}; its axes must be equal or 1`,
      );
    }
    return type;
  },
  gradient({ inputs: [x], dOut, apply }) {
    return apply(sumTo, [dOut], { shape: x.shape, isBatched: x.isBatched });
  },
  lower: ({ node, inputs: [x], out }) => [spreadCall(node, x, out)],
};

/** x → the sum over all that was repeated, the batch axis included. */
export const sumTo: Op<BroadcastAttrs> = {
  name: 'sumTo',
  accumulates: true,
  infer: (_inputs, { shape, isBatched }) => ({ shape, isBatched, element: 'f32' }),
  gradient({ inputs: [x], dOut, apply }) {
    return apply(broadcastTo, [dOut], { shape: x.shape, isBatched: x.isBatched });
  },
  lower(context) {
    const { node, inputs } = context;
    return [sumCall(node, context, `sum ${labelShape(inputs[0])} to ${labelShape(node)}`)];
  },
};
