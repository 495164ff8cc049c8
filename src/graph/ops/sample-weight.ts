// The weights of a micro-batch's samples, as they are gathered from the dataset. Coordinator only.
import type { NoAttrs } from '../elementwise.ts';
import type { Op } from '../op.ts';

/** A source without inputs; one number a sample. */
export const sampleWeight: Op<NoAttrs> = {
  name: 'sampleWeight',
  source: 'weight',
  infer: () => ({ shape: [], isBatched: true, element: 'f32' }),
};
