// The optimizers: turn a range of old parameters, old state and a gradient into new ones. Compute workers.
import type { KernelSet } from '../kernels/kernel-set.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { amsgrad } from './amsgrad.ts';
import { lamb } from './lamb.ts';
import { lion } from './lion.ts';
import { nadam } from './nadam.ts';
import type { OptimizerConfig } from './optim.schema.ts';
import { radam } from './radam.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

/**
 * Parameters of one step and one group, one after the other. Index 0 of `from` and `to` is the parameters, the others are the states in
 * the order of `Optimizer.states`; all are byte addresses of the first element. `from` is the generation that the step reads,
 * `to` the one that it writes: they never overlap, so that doing a range again gives the same bytes.
 */
export interface RangeUpdate {
  step: number;
  /** Of the step and the group. */
  lr: number;
  /** Of the group. */
  weightDecay: number;
  elements: number;
  /** The reduced, scaled, clipped gradient; only read, as a range may be done again. */
  gradient: number;
  from: Float64Array;
  to: Float64Array;
}

export interface Optimizer {
  /** The state arrays, each as long as the parameters. */
  readonly states: readonly string[];
  /** What the elements of each state are before the first step; 0 where it is left out. */
  readonly initialValues?: readonly number[];
  /** `update` wants one whole parameter tensor at a time, without its padding. */
  readonly needsWholeParameters?: boolean;
  /** A pure function of its arguments' bytes, of `step`, `lr` and `weightDecay`. */
  update(kernels: KernelSet['kernels'], range: RangeUpdate): void;
}

/** The optimizer that the options describe. */
export function createOptimizer(options: OptimizerConfig): Optimizer {
  switch (options.name) {
    case 'sgd':
      return sgd(options);
    case 'adam':
    case 'adamw':
      return options.amsgrad ? amsgrad(options) : adam(options);
    case 'nadam':
      return nadam(options);
    case 'radam':
      return radam(options);
    case 'rmsprop':
      return rmsprop(options);
    case 'adagrad':
      return adagrad(options);
    case 'lamb':
      return lamb(options);
    case 'lion':
      return lion(options);
  }
}
