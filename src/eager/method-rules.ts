// Methods whose arguments are not yet an op's: products with vectors, shapes with a -1 in them, rows of a table. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { batchedMatmul } from '../graph/ops/batched-matmul.ts';
import { clamp } from '../graph/ops/clamp.ts';
import { embedding } from '../graph/ops/embedding.ts';
import { gather } from '../graph/ops/gather.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { pad } from '../graph/ops/pad.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { slice } from '../graph/ops/slice.ts';
import { elementCount, formatShape, formatType } from '../graph/tensor-type.ts';
import type { TypedNumbers } from './creation.ts';
import { evaluate } from './evaluate.ts';
import { applyOp, type Expression, leaf } from './expression.ts';
import { type Axes, nameKind, requireFinite, requireNumbers, requireTensor } from './method-options.ts';
import { flattenNumbers, type NestedNumbers } from './nested-numbers.ts';

/** Whole numbers that pick something: a tensor of them, or arrays. */
export type Ids = Expression | NestedNumbers | TypedNumbers;

/** (…,k) · (k,n) → (…,n), or (…,k) · (k) → (…), or (…,m,k) · (…,k,n) → (…,m,n) matrix by matrix where the second has three axes or more. */
export function multiplyMatrices(a: Expression, b: Expression): Expression {
  const rank = requireTensor(b, 'matmul').shape.length;
  if (rank > 2) return applyOp(batchedMatmul, [a, b], { transposeA: false, transposeB: false });
  if (rank !== 1) return applyOp(matmul, [a, b], { transposed: false });
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
export function reshapeTo(x: Expression, wanted: readonly number[]): Expression {
  const shape = requireNumbers(wanted, 'a shape such as [2, -1]', 'reshape');
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

/** The part between two positions of every axis; for a single axis they may be plain numbers. */
export function cut(x: Expression, from: Axes, to: Axes, by?: Axes): Expression {
  const listOf = (value: Axes, what: string): readonly number[] =>
    typeof value === 'number' ? [value] : requireNumbers(value, `${what} for each axis`, 'slice');
  const [starts, ends] = [listOf(from, 'a start'), listOf(to, 'an end')];
  return applyOp(slice, [x], by === undefined ? { starts, ends } : { starts, ends, steps: listOf(by, 'a step') });
}

/** Entries of the first axis, picked by indices, negative ones from the end. */
export function pick(x: Expression, ids: Ids): Expression {
  const { numbers, shape } = readIds(ids, 'gather');
  if (shape.length === 1) return applyOp(gather, [x], { indices: numbers });
  throw new ModelError(
    `gather: expected a list of indices, got shape ${formatShape(shape)}; write [i], or reshape them`,
  );
}

/**
 * Rows of a table by their ids: (V,D) and ids (…) → (…,D).
 * @throws ModelError where an id is no row.
 */
export function lookUp(table: Expression, ids: Ids): Expression {
  const { numbers, shape } = readIds(ids, 'embedding');
  const [rows] = table.shape;
  const wrong = numbers.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= rows);
  if (table.shape.length === 2 && wrong >= 0) {
    throw new ModelError(
      `embedding: expected ids from 0 to ${rows - 1}, got ${numbers[wrong]} at index ${wrong}; correct it, or give the table more rows`,
    );
  }
  return applyOp(embedding, [leaf(Int32Array.from(numbers), shape), table], {});
}

function readIds(ids: Ids, where: string): { numbers: number[]; shape: readonly number[] } {
  if (typeof ids === 'number' || Array.isArray(ids)) return flattenNumbers(ids as NestedNumbers);
  if (ArrayBuffer.isView(ids)) return { numbers: Array.from(ids), shape: [ids.length] };
  const expression = requireTensor(ids as Expression, where);
  return { numbers: Array.from(evaluate(expression)), shape: expression.shape };
}

/**
 * A constant around a tensor.
 * @throws ModelError where `pads` are no pairs.
 */
export function surround(
  x: Expression,
  pads: readonly (readonly [before: number, after: number])[],
  value: number,
): Expression {
  if (!Array.isArray(pads)) {
    throw new ModelError(
      `pad: expected a pair for each axis, got ${nameKind(pads)}; write [[1, 1], [2, 2]] for a matrix`,
    );
  }
  return applyOp(pad, [x], { pads, value: requireFinite(value, 'the value', 'pad') });
}

/**
 * A tensor between two bounds.
 * @throws ModelError where one is no number.
 */
export function bound(x: Expression, min?: number | null, max?: number | null): Expression {
  for (const given of [min ?? 0, max ?? 0]) {
    if (typeof given === 'number') continue;
    throw new ModelError(
      `clamp: expected numbers as bounds, got ${nameKind(given)}; use maximum and minimum for tensors`,
    );
  }
  return applyOp(clamp, [x], { min: min ?? undefined, max: max ?? undefined });
}
