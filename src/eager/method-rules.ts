// Methods that are more than one op: powers, products with vectors, shapes with a -1 in them. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { addScalar } from '../graph/ops/add-scalar.ts';
import { div } from '../graph/ops/div.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { mul } from '../graph/ops/mul.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { scale } from '../graph/ops/scale.ts';
import { sqrt } from '../graph/ops/sqrt.ts';
import { square } from '../graph/ops/square.ts';
import { elementCount, formatShape, formatType } from '../graph/tensor-type.ts';
import { applyOp, type Expression, scalar } from './expression.ts';

/**
 * x^exponent by squaring.
 * @throws ModelError where the exponent is not whole, and not 0.5.
 */
export function raise(x: Expression, exponent: number): Expression {
  if (exponent === 0.5) return applyOp(sqrt, [x], {});
  if (!Number.isSafeInteger(exponent)) {
    throw new ModelError(
      `pow: expected a whole exponent or 0.5, got ${exponent}; for x > 0 it is x.log().mul(${exponent}).exp()`,
    );
  }
  if (exponent < 0) return applyOp(div, [scalar(1), raise(x, -exponent)], {});
  if (exponent === 0) return applyOp(addScalar, [applyOp(scale, [x], { alpha: 0 })], { alpha: 1 });
  if (exponent === 1) return x;
  const half = raise(x, Math.floor(exponent / 2));
  const even = applyOp(square, [half], {});
  return exponent % 2 === 0 ? even : applyOp(mul, [even, x], {});
}

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
