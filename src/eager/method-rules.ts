// Methods that are more than their op: products with vectors, shapes with a -1 in them, axes of one's choice. The caller's thread.

import { axisFromStart } from '../graph/axes.ts';
import { ModelError } from '../graph/model-error.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { slice } from '../graph/ops/slice.ts';
import { transpose } from '../graph/ops/transpose.ts';
import { elementCount, formatShape, formatType } from '../graph/tensor-type.ts';
import { applyOp, type Expression } from './expression.ts';

/** (…,k) · (k,n) → (…,n), or (…,k) · (k) → (…). */
export function multiplyMatrices(a: Expression, b: Expression): Expression {
  if (b.shape.length !== 1) return applyOp(matmul, [a, b], { transposed: false });
  if (a.shape.at(-1) !== b.shape[0]) {
    throw new ModelError(
      `matmul: expected factors of shapes (…,k) and (k), got ${formatType(a)} and ${formatType(b)}; reshape one of them`,
    );
  }
  const column = applyOp(reshape, [b], { shape: [b.shape[0], 1] });
  const product = applyOp(matmul, [a, column], { transposed: false });
  return applyOp(reshape, [product], { shape: a.shape.slice(0, -1) });
}

/**
 * The same numbers in another shape.
 * @throws ModelError where a length is none, or two are to be found out.
 */
export function reshapeTo(x: Expression, shape: readonly number[]): Expression {
  const unknown = shape.filter((length) => length === -1).length;
  if (unknown > 1 || !shape.every((length) => Number.isSafeInteger(length) && length >= -1)) {
    throw new ModelError(
      `reshape: expected whole lengths, at most one of them -1, got ${formatShape(shape)}; correct them`,
    );
  }
  const known = elementCount(shape.filter((length) => length !== -1));
  const rest = known === 0 ? 0 : Math.floor(elementCount(x.shape) / known);
  return applyOp(reshape, [x], { shape: shape.map((length) => (length === -1 ? rest : length)) });
}

/** From `start` to in front of `end` along an axis; negative positions count from its end. */
export function sliceAxis(x: Expression, axis: number, start: number, end?: number): Expression {
  const at = axisFromStart(x, axis, 'slice');
  const starts = x.shape.map((_, i) => (i === at ? start : 0));
  const ends = x.shape.map((length, i) => (i === at ? (end ?? length) : length));
  return applyOp(slice, [x], { starts, ends });
}

/** Axis i of the result is axis `axes[i]`; without axes the last two are swapped. */
export function transposeAxes(x: Expression, axes?: readonly number[]): Expression {
  const rank = x.shape.length;
  const swapped = x.shape.map((_, axis) => (axis < rank - 2 || rank < 2 ? axis : 2 * rank - 3 - axis));
  return applyOp(transpose, [x], { axes: axes ?? swapped });
}
