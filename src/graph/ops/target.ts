// The targets of a micro-batch's samples, as they are gathered from the dataset. Coordinator only.
import type { Op } from '../op.ts';

/**
 * One sample's shape, `[]` for a label; labels are i32, values f32. Where training mixes samples: `other` are the targets of their
 * partners, `share` (f32, []) is how much of a mixture is the sample itself.
 */
export type TargetAttrs = {
  readonly shape: readonly number[];
  readonly element: 'f32' | 'i32';
  readonly of?: 'other' | 'share';
};

/** A source without inputs; a batch of labels or values. */
export const target: Op<TargetAttrs> = {
  name: 'target',
  source: 'target',
  infer: (_inputs, { shape, element }) => ({ shape, isBatched: true, element }),
};
