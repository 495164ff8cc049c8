// Turns a parameter count into the ranges that are reduced and updated together. Pure; coordinator and workers.

/** Where each range starts; a range ends where the next one starts. A pure function of the parameters, as their sums are in the mathematics. */
export interface RangePlan {
  count: number;
  /** The most elements of a range. */
  elements: number;
  /** The first element of each range. */
  starts: readonly number[];
}

// 16,384 elements are 64 KiB an array: one range's gradient and scratch stay in L2 while eight slots stream past.
// About 16 ranges at least let many workers share a small model; below 1,024 elements a claim costs more than the work.
const MOST_ELEMENTS = 16_384;
const LEAST_ELEMENTS = 1024;
const WANTED_RANGES = 16;

/**
 * The ranges of `parameterElements` (> 0) parameters: all of one length but the last. Where `boundaries` (the parameters' first
 * elements, ascending from 0) are given, a range is whole parameters: as many as that length takes, or one that is longer.
 */
export function planRanges(parameterElements: number, boundaries?: readonly number[]): RangePlan {
  const wanted = Math.ceil(parameterElements / WANTED_RANGES / LEAST_ELEMENTS) * LEAST_ELEMENTS;
  const elements = Math.max(LEAST_ELEMENTS, Math.min(MOST_ELEMENTS, wanted));
  if (boundaries !== undefined) return planWhole(parameterElements, boundaries, elements);
  const count = Math.ceil(parameterElements / elements);
  return { count, elements, starts: Array.from({ length: count }, (_, index) => index * elements) };
}

function planWhole(parameterElements: number, boundaries: readonly number[], wanted: number): RangePlan {
  const starts: number[] = [0];
  boundaries.forEach((begin, index) => {
    const end = boundaries[index + 1] ?? parameterElements;
    const start = starts[starts.length - 1];
    if (begin > start && end - start > wanted) starts.push(begin);
  });
  const plan = { count: starts.length, elements: 0, starts };
  for (let r = 0; r < plan.count; r++) plan.elements = Math.max(plan.elements, rangeLength(plan, parameterElements, r));
  return plan;
}

/** Elements in range `index`. */
export function rangeLength(plan: RangePlan, parameterElements: number, index: number): number {
  return (plan.starts[index + 1] ?? parameterElements) - plan.starts[index];
}
