// A plan's parameters and statistics and a seed → first values in memory. Coordinator only, before any worker starts.
import type { KernelSet } from '../kernels/kernel-set.ts';
import { PURPOSE } from '../kernels/purpose.ts';
import { drawValues } from './initial-values.ts';
import { PARAMETER_ALIGNMENT_ELEMENTS, type Plan, type PlanParameter } from './plan.ts';

/**
 * Writes the first values of all parameters and statistics at byte address `baseAddress`, and 0 into the padding behind each.
 * Uniform number i of parameter p is word i mod 4 of the Philox block with the counter (⌊i/4⌋, 0, p, initialisation) and the seed as its key,
 * so it depends on nothing that comes before it; initial-values.ts has the other distributions.
 */
export function initializeParameters(
  plan: Plan,
  kernels: KernelSet['kernels'],
  seed: number,
  baseAddress: number,
): void {
  plan.parameters.forEach((parameter, index) => {
    initializeParameter(parameter, index, kernels, seed, baseAddress + parameter.elementOffset * 4);
  });
  for (const { elementOffset, elements, initialValue } of plan.statistics) {
    const address = baseAddress + elementOffset * 4;
    kernels.fill(address, initialValue, elements);
    fillPadding(address, elements, kernels);
  }
}

function initializeParameter(
  { elements, shape, initializer }: PlanParameter,
  index: number,
  kernels: KernelSet['kernels'],
  seed: number,
  address: number,
): void {
  if (initializer.kind === 'uniform') {
    const { low, high } = initializer;
    const key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    kernels.uniform(address, elements, ...key, 0, index, PURPOSE.initialisation, low, high);
  } else if (initializer.kind === 'constant') {
    kernels.fill(address, initializer.value, elements);
  } else {
    const values = drawValues(initializer, shape, seed, index);
    for (let i = 0; i < elements; i++) kernels.fill(address + i * 4, values[i], 1);
  }
  fillPadding(address, elements, kernels);
}

function fillPadding(address: number, elements: number, kernels: KernelSet['kernels']): void {
  const padding = -elements & (PARAMETER_ALIGNMENT_ELEMENTS - 1);
  kernels.fill(address + elements * 4, 0, padding);
}
