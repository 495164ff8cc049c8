// The optimizers: turn a range of old parameters, old state and a gradient into new ones. Compute workers.
import type { KernelSet } from '../kernels/kernel-set.ts';
import { adam } from './adam.ts';
import type { OptimizerConfig } from './optim.schema.ts';
import { sgd } from './sgd.ts';

/**
 * One range of one step. Index 0 of `from` and `to` is the parameters, the others are the states in the order of
 * `Optimizer.states`; all are byte addresses of the range's first element. `from` is the generation that the step reads,
 * `to` the one that it writes: they never overlap, so that doing a range again gives the same bytes.
 */
export interface RangeUpdate {
  step: number;
  lr: number;
  elements: number;
  /** The reduced, scaled, clipped gradient of the range; may be overwritten. */
  gradient: number;
  from: Float64Array;
  to: Float64Array;
}

export interface Optimizer {
  /** The state arrays, each as long as the parameters. */
  readonly states: readonly string[];
  /** A pure function of its arguments' bytes and of `step`. */
  update(kernels: KernelSet['kernels'], range: RangeUpdate): void;
}

/** The optimizer that the options describe. */
export function createOptimizer(options: OptimizerConfig): Optimizer {
  return options.name === 'sgd' ? sgd(options) : adam(options);
}
