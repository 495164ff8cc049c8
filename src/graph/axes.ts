// Axes as users name them → axes from 0 on, and what lies around one. Coordinator only.
import { elementsOf, type Operand } from './kernel-call.ts';
import { ModelError } from './model-error.ts';
import { elementCount, formatShape, type TensorType } from './tensor-type.ts';

/**
 * An axis counted from the start of `shape`; a negative one counts from the end. The batch axis is none of them.
 * @throws ModelError where there is no such axis.
 */
export function axisFromStart({ shape }: TensorType, axis: number, where: string): number {
  const fromStart = axis < 0 ? axis + shape.length : axis;
  if (Number.isInteger(axis) && fromStart >= 0 && fromStart < shape.length) return fromStart;
  throw new ModelError(
    `${where}: expected an axis from ${-shape.length} to ${shape.length - 1} of shape ${formatShape(shape)}, got ${axis}; name an axis it has`,
  );
}

/** A tensor seen as (outer, length, inner) with an axis in the middle; samples belong to `outer`. */
export function aroundAxis(type: TensorType, axis: number): { outer: Operand; length: number; inner: number } {
  const outer = elementsOf({ ...type, shape: type.shape.slice(0, axis) });
  return { outer, length: type.shape[axis], inner: elementCount(type.shape.slice(axis + 1)) };
}
