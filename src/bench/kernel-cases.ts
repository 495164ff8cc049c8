// All kernels → what each is measured on, in the order of KERNEL_NAMES. Pure.
import { KERNEL_NAMES, type KernelName } from '../kernels/kernel-set.ts';
import { AUGMENTATION_CASES } from './augmentation-cases.ts';
import { ELEMENTWISE_CASES } from './elementwise-cases.ts';
import type { KernelCase } from './kernel-case.ts';
import { LAYER_CASES } from './layer-cases.ts';
import { OPTIMIZER_CASES } from './optimizer-cases.ts';
import { ROW_CASES } from './row-cases.ts';

const ALL_CASES = [...LAYER_CASES, ...ELEMENTWISE_CASES, ...ROW_CASES, ...OPTIMIZER_CASES, ...AUGMENTATION_CASES];

/** The most that one case needs of memory. */
export const ARENA_BYTES = 12 * 2 ** 20;

/** The cases of these kernels; of all of them where none is named. */
export function kernelCases(names: readonly string[] = KERNEL_NAMES): KernelCase[] {
  const wanted = new Set(names);
  const place = new Map<KernelName, number>(KERNEL_NAMES.map((name, i) => [name, i]));
  return ALL_CASES.filter(({ kernel }) => wanted.has(kernel)).sort(
    (a, b) => place.get(a.kernel)! - place.get(b.kernel)!,
  );
}

/** Kernels that have no case. */
export function kernelsWithoutCase(): KernelName[] {
  const measured = new Set(ALL_CASES.map(({ kernel }) => kernel));
  return KERNEL_NAMES.filter((name) => !measured.has(name));
}
