// What a kernel is measured on: its name, its size in words, how much it computes, its arguments. Main thread.
import type { KernelName } from '../kernels/kernel-set.ts';
import type { Arena } from './arena.ts';

/** A row of the table. */
export interface KernelCase {
  kernel: KernelName;
  /** `16,384`, `64 × 512 × 784`. */
  size: string;
  /** Operations by the formula, each sum, product, comparison or evaluation of a function one; 0 where numbers are only moved. */
  flops: number;
  args: (arena: Arena) => number[];
}

/** Elements that stay in L2, as those of a micro-batch or a range do: 64 KiB an array. */
export const ELEMENTS = 16_384;

/** `16,384`; `64×512`. */
export function sizeText(...extents: number[]): string {
  if (extents.length === 1) return String(extents[0]).replace(/\B(?=(\d{3})+$)/g, ',');
  return extents.join('×');
}
