// The inputs of a micro-batch's samples, as they are gathered from the dataset. Coordinator only.
import type { Op } from '../op.ts';

/** One sample's shape, and what it holds: numbers, or the ids of tokens. */
export type InputAttrs = { readonly shape: readonly number[]; readonly element?: 'f32' | 'i32' };

/** A source without inputs; a batch. */
export const input: Op<InputAttrs> = {
  name: 'input',
  source: 'input',
  infer: (_inputs, { shape, element = 'f32' }) => ({ shape, isBatched: true, element }),
};
