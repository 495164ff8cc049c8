// The smallest element along axes of a tensor. Coordinator only.
import { extremeOp } from '../extreme.ts';

/**
 * x → its smallest element along the axes, which are given as for `sum`; NaN where there is one. The whole gradient goes to the first
 * of the elements that are the smallest.
 */
export const min = extremeOp('min');
