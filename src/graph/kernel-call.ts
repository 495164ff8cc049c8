// A kernel call whose arguments still name tensors instead of addresses: what ops give and the plan resolves. Coordinator only.
import type { KernelName } from '../kernels/kernel-set.ts';
import type { NodeId } from './op.ts';
import { elementCount, type TensorType } from './tensor-type.ts';

/** An argument before addresses are known; a plain number is passed as it is. */
export type Operand =
  | number
  /** The address of a node's tensor. */
  | { readonly of: 'tensor'; readonly node: NodeId }
  /** The address of a parameter's gradient in the worker's gradient buffer. */
  | { readonly of: 'gradient'; readonly parameter: NodeId }
  /** The number of samples in this micro-batch times a number. */
  | { readonly of: 'rows'; readonly multiplier: number }
  /** The address of constant i32 words. */
  | { readonly of: 'words'; readonly words: readonly number[] }
  /**
   * The address of scratch memory, `from(rows)` bytes behind its begin where that is said; `bytes` says how much of it is used from its
   * begin on, for so many rows. It never shrinks as rows grow.
   */
  | { readonly of: 'scratch'; readonly bytes: (rows: number) => number; readonly from?: (rows: number) => number }
  /** The address of f64 cells of an evaluation, counted from the loss's first. */
  | { readonly of: 'cells'; readonly first: number }
  /** 0 in a shard's first micro-batch, 1 after it; or an address that is known at run time only. */
  | { readonly of: 'accumulate' | 'sums' | 'ids' | 'inputs' | 'targets' | 'scores' }
  /** What random numbers depend on beside sample and position. */
  | { readonly of: 'step' | 'epoch' | 'seedLow' | 'seedHigh' }
  /** The address of the global batch's first sample id, and how many it has. */
  | { readonly of: 'batchIds' | 'batchCount' };

/** A kernel call of one op; `detail` is its label without the layer's name. */
export interface KernelCall {
  readonly kernel: KernelName;
  readonly args: readonly Operand[];
  readonly detail: string;
}

/** 0 in a shard's first micro-batch (assign), 1 after it (add). */
export const ACCUMULATE: Operand = { of: 'accumulate' };

/** The address of the f64 cells of the loss. */
export const SUMS: Operand = { of: 'sums' };

/** The address of a node's tensor. */
export function tensor(node: { readonly id: NodeId }): Operand {
  return { of: 'tensor', node: node.id };
}

/** The address of constant i32 words in the plan. */
export function words(values: readonly number[]): Operand {
  return { of: 'words', words: values };
}

/** How many elements a tensor has, for this micro-batch. */
export function elementsOf(type: TensorType): Operand {
  return times(type, elementCount(type.shape));
}

/** How many rows a tensor has when its last axis is taken as columns. */
export function matrixRows(type: TensorType): Operand {
  return times(type, elementCount(type.shape.slice(0, -1)));
}

/** `matrixRows` for a given number of samples. */
export function matrixRowsAt(type: TensorType, rows: number): number {
  return elementCount(type.shape.slice(0, -1)) * (type.isBatched ? rows : 1);
}

/** The length of a tensor's last axis; 1 for a scalar. */
export function matrixColumns(type: TensorType): number {
  return type.shape.at(-1) ?? 1;
}

/** A shape in a label: the batch axis as `rows`. */
export function labelShape(type: TensorType): string {
  return `(${[...(type.isBatched ? ['rows'] : []), ...type.shape].join(',')})`;
}

/** A tensor's shape in a label when it is taken as a matrix; `isTransposed` swaps the two axes. */
export function labelMatrix(type: TensorType, isTransposed = false): string {
  const lead = elementCount(type.shape.slice(0, -1));
  const rows = type.isBatched ? (lead === 1 ? 'rows' : `rows·${lead}`) : `${lead}`;
  const columns = `${matrixColumns(type)}`;
  return isTransposed ? `(${columns},${rows})` : `(${rows},${columns})`;
}

function times(type: TensorType, perSample: number): Operand {
  return type.isBatched ? { of: 'rows', multiplier: perSample } : perSample;
}
