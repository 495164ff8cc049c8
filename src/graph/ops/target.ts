// The targets of a micro-batch's samples, as they are gathered from the dataset. Coordinator only.
import type { Op } from '../op.ts';

/** One sample's shape, `[]` for a label; labels are i32, values f32. */
export type TargetAttrs = { readonly shape: readonly number[]; readonly element: 'f32' | 'i32' };

/** A source without inputs; a batch of labels or values. */
export const target: Op<TargetAttrs> = {
  name: 'target',
  source: 'target',
  infer: (_inputs, { shape, element }) => ({ shape, isBatched: true, element }),
};
