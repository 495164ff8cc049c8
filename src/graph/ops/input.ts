// The inputs of a micro-batch's samples, as they are gathered from the dataset. Coordinator only.
import type { Op } from '../op.ts';

/** One sample's shape. */
export type InputAttrs = { readonly shape: readonly number[] };

/** A source without inputs; a batch of f32 numbers. */
export const input: Op<InputAttrs> = {
  name: 'input',
  source: 'input',
  infer: (_inputs, { shape }) => ({ shape, isBatched: true, element: 'f32' }),
};
