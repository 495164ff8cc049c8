// Turns a parameter count into the ranges that are reduced and updated together. Pure; coordinator and workers.

/** `elements` a range, the last one shorter: a pure function of the parameter count, as their sums are in the mathematics. */
export interface RangePlan {
  count: number;
  elements: number;
}

// 16,384 elements are 64 KiB an array: one range's gradient and scratch stay in L2 while eight slots stream past.
// About 16 ranges at least let many workers share a small model; below 1,024 elements a claim costs more than the work.
const MOST_ELEMENTS = 16_384;
const LEAST_ELEMENTS = 1024;
const WANTED_RANGES = 16;

/** The ranges of `parameterElements` (> 0) parameters. */
export function planRanges(parameterElements: number): RangePlan {
  const wanted = Math.ceil(parameterElements / WANTED_RANGES / LEAST_ELEMENTS) * LEAST_ELEMENTS;
  const elements = Math.max(LEAST_ELEMENTS, Math.min(MOST_ELEMENTS, wanted));
  return { count: Math.ceil(parameterElements / elements), elements };
}

/** Elements in range `index`. */
export function rangeLength(plan: RangePlan, parameterElements: number, index: number): number {
  return Math.min(plan.elements, parameterElements - index * plan.elements);
}
