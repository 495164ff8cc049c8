// Entries of a tensor's first axis, picked by indices of the model, and the gradient. Coordinator only.
import { requireFloats } from '../elementwise.ts';
import { elementsOf, labelShape, type Operand, tensor, words } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatType, type TensorType } from '../tensor-type.ts';

/** Indices into the first axis of `shape` (the batch axis is none of them), negative from the end, in any order and number. */
export type GatherAttrs = { readonly indices: readonly number[] };

/** x (n, …) → x[indices] (indices, …). */
export const gather: Op<GatherAttrs> = {
  name: 'gather',
  infer([x], { indices }, where) {
    requireFloats(x, where);
    const [length, ...rest] = x.shape;
    const wrong = indices.find((index) => !Number.isInteger(index) || index < -length || index >= length);
    if (length === undefined || wrong !== undefined) {
      throw new ModelError(
        `${where}: expected indices into the first axis of ${formatType(x)}, got ${wrong ?? 'a scalar'}; use indices from ${-(length ?? 0)} to ${(length ?? 0) - 1}`,
      );
    }
    return { shape: [indices.length, ...rest], isBatched: x.isBatched, element: 'f32' };
  },
  gradient({ node, inputs: [x], dOut, apply }) {
    return apply(gatherBackward, [dOut], { indices: node.attrs.indices, shape: x.shape });
  },
  lower({ node, inputs: [x], out }) {
    const { ids, sizes } = describe(x, node.attrs);
    const [rows, ...rest] = sizes;
    const args = [out, ids, tensor(x), rows, 0, elementCount(x.shape), ...rest];
    return [{ kernel: 'takeRows', args, detail: `gather ${labelShape(x)} to ${labelShape(node)}` }];
  },
};

/** dOut (indices, …) → a tensor of the gathered one's shape, to whose entries those of dOut are added in order. */
export const gatherBackward: Op<GatherAttrs & { readonly shape: readonly number[] }> = {
  name: 'gatherBackward',
  accumulates: true,
  infer: ([dOut], { shape }) => ({ shape, isBatched: dOut.isBatched, element: 'f32' }),
  gradient: ({ node, dOut, apply }) => apply(gather, [dOut], { indices: node.attrs.indices }),
  lower({ node, inputs: [dOut], out, accumulate }) {
    const { ids, sizes } = describe(node, node.attrs);
    const [rows, ...rest] = sizes;
    const strides = [0, elementCount(node.shape)];
    const args = [out, ids, tensor(dOut), rows, ...strides, ...rest, accumulate, elementsOf(node)];
    return [{ kernel: 'sumTakenRows', args, detail: `ungather ${labelShape(dOut)} to ${labelShape(node)}` }];
  },
};

/** The indices from 0 on, and samples, indices, length of the first axis, elements of an entry. */
function describe(x: TensorType, { indices }: GatherAttrs): { ids: Operand; sizes: Operand[] } {
  const [length, ...rest] = x.shape;
  const rows: Operand = x.isBatched ? { of: 'rows', multiplier: 1 } : 1;
  const ids = words(indices.map((index) => (index < 0 ? index + length : index)));
  return { ids, sizes: [rows, indices.length, length, elementCount(rest)] };
}
