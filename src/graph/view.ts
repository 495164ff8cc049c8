// A part of a tensor, its axes in any order and step → the calls that copy it out or write into it. Coordinator only.
import { type KernelCall, labelShape, type Operand, tensor, words } from './kernel-call.ts';
import type { GraphNode } from './op.ts';
import { elementCount, type TensorType } from './tensor-type.ts';

/** Where the elements of one sample lie in a larger one. */
export interface View {
  /** The element at which the view begins. */
  readonly offset: number;
  readonly extents: readonly number[];
  /** In elements; negative ones run backwards. */
  readonly strides: readonly number[];
}

/** The strides of a row-major shape. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

/** Writes the view of `x` to the result, contiguous. */
export function copyFromViewCall(node: TensorType, x: GraphNode, view: View, out: Operand, what: string): KernelCall {
  const args = [out, tensor(x), view.offset, ...geometry(x, view)];
  return { kernel: 'copyFromView', args, detail: `${what} ${labelShape(x)} to ${labelShape(node)}` };
}

/** Writes `x` into the view of the result; what lies around the view stays as it is. */
export function copyToViewCall(node: TensorType, x: GraphNode, view: View, out: Operand, what: string): KernelCall {
  const args = [out, view.offset, tensor(x), ...geometry(node, view)];
  return { kernel: 'copyToView', args, detail: `${what} ${labelShape(x)} to ${labelShape(node)}` };
}

function geometry(large: TensorType, view: View): Operand[] {
  const { extents, strides } = mergeAxes(view);
  const rows: Operand = large.isBatched ? { of: 'rows', multiplier: 1 } : 1;
  return [rows, elementCount(large.shape), extents.length, words([...extents, ...strides])];
}

/** The same view with as few axes as can be, and at least one: neighbours that lie as one are one, so that runs are long. */
export function mergeAxes({ extents, strides }: View): { extents: number[]; strides: number[] } {
  const merged: { extents: number[]; strides: number[] } = { extents: [], strides: [] };
  extents.forEach((extent, axis) => {
    if (extent === 1) return;
    const last = merged.extents.length - 1;
    if (last >= 0 && merged.strides[last] === strides[axis] * extent) {
      merged.extents[last] *= extent;
      merged.strides[last] = strides[axis];
    } else {
      merged.extents.push(extent);
      merged.strides.push(strides[axis]);
    }
  });
  return merged.extents.length === 0 ? { extents: [1], strides: [1] } : merged;
}
