// Nested arrays ↔ flat numbers and a shape. Pure; the caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { formatShape } from '../graph/tensor-type.ts';

/** A number, or rows of them, as deep as a tensor has axes. */
export type NestedNumbers = number | readonly NestedNumbers[];

/**
 * Rows of equal length, of numbers → their shape and the numbers row by row.
 * @throws ModelError, with the place, where they are not.
 */
export function flattenNumbers(nested: NestedNumbers): { shape: number[]; numbers: number[] } {
  const shape: number[] = [];
  for (let first: unknown = nested; Array.isArray(first); first = first[0]) shape.push(first.length);
  const numbers: number[] = [];
  collect(nested, shape, [], numbers);
  return { shape, numbers };
}

function collect(value: unknown, shape: readonly number[], place: readonly number[], numbers: number[]): void {
  const depth = place.length;
  if (depth === shape.length) {
    if (typeof value !== 'number') throw misfit('a number', value, place, shape);
    numbers.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== shape[depth]) {
    throw misfit(`${shape[depth]} elements, as in the first row`, value, place, shape);
  }
  // An index loop: forEach would pass over the holes of a sparse array.
  for (let i = 0; i < value.length; i++) collect(value[i], shape, [...place, i], numbers);
}

function misfit(expected: string, value: unknown, place: readonly number[], shape: readonly number[]): ModelError {
  const got = Array.isArray(value)
    ? `an array of ${value.length}`
    : typeof value === 'number'
      ? `${value}`
      : typeof value;
  const at = place.map((i) => `[${i}]`).join('');
  return new ModelError(
    `tensor: expected ${expected}${at && ` at ${at}`}, got ${got}; give rows of equal length, here of shape ${formatShape(shape)}`,
  );
}

/** Flat numbers → arrays nested as the shape says. */
export function nestNumbers(numbers: ArrayLike<number>, shape: readonly number[]): NestedNumbers {
  let next = 0;
  const nest = (axis: number): NestedNumbers =>
    axis === shape.length ? numbers[next++] : Array.from({ length: shape[axis] }, () => nest(axis + 1));
  return nest(0);
}
