// The largest element along axes of a tensor. Coordinator only.
import { extremeOp } from '../extreme.ts';

/**
 * x → its largest element along the axes, which are given as for `sum`; NaN where there is one. The whole gradient goes to the first
 * of the elements that are the largest.
 */
export const max = extremeOp('max');
