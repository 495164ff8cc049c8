// What is known of a tensor before it has values: shape, batch axis, element; how shapes broadcast and print. Coordinator only.
import { ModelError } from './model-error.ts';

/**
 * The type of a tensor. With `isBatched` there is a batch axis in front whose length is known at run time only,
 * and `shape` is that of one sample: a batch of MNIST images has shape (1, 28, 28). Without it `shape` is the whole shape.
 */
export interface TensorType {
  readonly shape: readonly number[];
  readonly isBatched: boolean;
  readonly element: 'f32' | 'i32';
}

/** The product of a shape: how many elements a tensor has, or a sample of it where it is batched. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Whether two shapes are the same. */
export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Whether two tensors agree in shape, batch axis and element. */
export function isSameType(a: TensorType, b: TensorType): boolean {
  return a.isBatched === b.isBatched && a.element === b.element && isSameShape(a.shape, b.shape);
}

/** The shape as a user sees it: the batch axis, if any, as -1 in front. */
export function visibleShape(type: TensorType): number[] {
  return type.isBatched ? [-1, ...type.shape] : [...type.shape];
}

/** A shape in an error or a table: `(1,28,28)`. */
export function formatShape(shape: readonly number[]): string {
  return `(${shape.join(',')})`;
}

/** A type in an error: `(-1,512)` for a batch of vectors. */
export function formatType(type: TensorType): string {
  return formatShape(visibleShape(type));
}

/**
 * The type that two tensors broadcast to, by numpy's rule with the batch axis in its place in front: shapes are aligned at the right,
 * an axis of length 1 stretches. So an unbatched (1,6) fits a batch of (6), and batches of different rank do not fit each other.
 * @throws ModelError where they do not fit.
 */
export function broadcastTypes(a: TensorType, b: TensorType, where: string): TensorType {
  const isBatched = a.isBatched || b.isBatched;
  const left = visibleShape(a);
  const right = visibleShape(b);
  const rank = Math.max(left.length, right.length);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const x = left[axis - rank + left.length] ?? 1;
    const y = right[axis - rank + right.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw doNotBroadcast(a, b, where);
    return x === 1 ? y : x;
  });
  // The batch axis must have stayed in front: (-1,6) with (5,1,6) would put it in the middle.
  if (isBatched && shape[0] !== -1) throw doNotBroadcast(a, b, where);
  return { shape: isBatched ? shape.slice(1) : shape, isBatched, element: a.element };
}

function doNotBroadcast(a: TensorType, b: TensorType, where: string): ModelError {
  const shapes = `${formatType(a)} and ${formatType(b)}`;
  return new ModelError(
    `${where}: expected shapes that broadcast, got ${shapes}; aligned at the right, axes must be equal or 1`,
  );
}
