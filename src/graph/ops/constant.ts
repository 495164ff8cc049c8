// A constant: numbers that are part of the model and never change. Coordinator only.
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatShape } from '../tensor-type.ts';

/** `values` row-major, rounded to f32 in the plan. */
export type ConstantAttrs = { readonly shape: readonly number[]; readonly values: readonly number[] };

/** A source without inputs; its tensor lies in the plan's constants. */
export const constant: Op<ConstantAttrs> = {
  name: 'constant',
  source: 'constant',
  infer(_inputs, { shape, values }, where) {
    if (values.length !== elementCount(shape)) {
      throw new ModelError(
        `${where}: expected ${elementCount(shape)} values for a constant of shape ${formatShape(shape)}, got ${values.length}; give as many as the shape has`,
      );
    }
    return { shape, isBatched: false, element: 'f32' };
  },
};
