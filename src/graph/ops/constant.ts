// A constant: numbers that are part of the model and never change. Coordinator only.
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatShape } from '../tensor-type.ts';

/** `values` row-major, rounded to f32 in the plan; with `element: 'i32'` whole numbers, such as ids. */
export type ConstantAttrs = {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly element?: 'f32' | 'i32';
};

/** A source without inputs; its tensor lies in the plan's constants. */
export const constant: Op<ConstantAttrs> = {
  name: 'constant',
  source: 'constant',
  infer(_inputs, { shape, values, element = 'f32' }, where) {
    if (values.length !== elementCount(shape)) {
      throw new ModelError(
        `${where}: expected ${elementCount(shape)} values for a constant of shape ${formatShape(shape)}, got ${values.length}; give as many as the shape has`,
      );
    }
    const broken = element === 'i32' ? values.find((value) => value !== (value | 0)) : undefined;
    if (broken !== undefined) {
      throw new ModelError(`${where}: expected whole numbers of 32 bits in an i32 constant, got ${broken}; use f32`);
    }
    return { shape, isBatched: false, element };
  },
};
