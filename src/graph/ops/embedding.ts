// Rows of a table picked by ids, and the table's gradient. Coordinator only.
import { type NoAttrs, requireFloats } from '../elementwise.ts';
import { elementsOf, labelShape, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatType } from '../tensor-type.ts';

/**
 * Ids (…) i32 and a table (V, D) → (…, D). An id that is no row of the table gives NaN and reads nothing: datasets are checked before
 * a run, and if one slips through the loss is NaN and the run halts.
 */
export const embedding: Op<NoAttrs> = {
  name: 'embedding',
  infer([ids, table], _attrs, where) {
    requireFloats(table, where);
    if (ids.element !== 'i32' || table.isBatched || table.shape.length !== 2) {
      throw new ModelError(
        `${where}: expected i32 ids and a table of shape (V,D), got ${ids.element} ${formatType(ids)} and ${formatType(table)}; use labels or tokens as ids`,
      );
    }
    return { shape: [...ids.shape, table.shape[1]], isBatched: ids.isBatched, element: 'f32' };
  },
  gradient({ inputs: [ids, table], dOut, apply }, input) {
    return input === 1 ? apply(embeddingBackward, [ids, dOut], { shape: table.shape }) : undefined;
  },
  lower({ inputs: [ids, table], out }) {
    const args = [out, tensor(ids), tensor(table), 1, 0, 0, elementsOf(ids), ...table.shape];
    return [{ kernel: 'takeRows', args, detail: `embedding ${labelShape(ids)} of ${labelShape(table)}` }];
  },
};

/** Ids (…) and dOut (…, D) → (V, D): each row of dOut added to the row of its id, in order. */
export const embeddingBackward: Op<{ readonly shape: readonly number[] }> = {
  name: 'embeddingBackward',
  accumulates: true,
  infer: (_inputs, { shape }) => ({ shape, isBatched: false, element: 'f32' }),
  lower({ node, inputs: [ids, dOut], out, accumulate }) {
    const sizes = [1, 0, 0, elementsOf(ids), ...node.shape];
    const args = [out, tensor(ids), tensor(dOut), ...sizes, accumulate, elementsOf(node)];
    return [{ kernel: 'sumTakenRows', args, detail: `embeddingBackward ${labelShape(ids)} to ${labelShape(node)}` }];
  },
};
