// What normalisations have in common: the check of their weight and bias, rows and columns of what is normalised together. Coordinator only.
import { requireFloats } from './elementwise.ts';
import type { Operand } from './kernel-call.ts';
import { ModelError } from './model-error.ts';
import { elementCount, formatShape, formatType, isSameShape, type TensorType } from './tensor-type.ts';

/** @throws ModelError where x, or a weight or bias that is there, holds no floats, or one of these is not of the given shape. */
export function requireAffine(
  [x, ...affine]: readonly TensorType[],
  shape: readonly number[],
  where: string,
): TensorType {
  requireFloats(x, where);
  for (const array of affine) {
    if (!array.isBatched && array.element === 'f32' && isSameShape(array.shape, shape)) continue;
    throw new ModelError(
      `${where}: expected weight and bias of shape ${formatShape(shape)} for inputs ${formatType(x)}, got ${formatType(array)}; make them of that shape`,
    );
  }
  return { shape: x.shape, isBatched: x.isBatched, element: 'f32' };
}

/**
 * A tensor as (N, C, elements of a channel): N is the batch axis, or the first axis where there is none.
 * @throws ModelError where there is no channel axis.
 */
export function channelLayout(x: TensorType, where: string): { count: Operand; channels: number; spatial: number } {
  const sample = x.isBatched ? x.shape : x.shape.slice(1);
  if (sample.length === 0) {
    const expected = 'expected inputs with a channel axis behind the samples';
    throw new ModelError(`${where}: ${expected}, got ${formatType(x)}; reshape them to (samples,channels,…)`);
  }
  const count: Operand = x.isBatched ? { of: 'rows', multiplier: 1 } : x.shape[0];
  return { count, channels: sample[0], spatial: elementCount(sample.slice(1)) };
}
