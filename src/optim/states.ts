// An optimizer and the averaging → the arrays of a generation behind the parameters, and what they hold at first. Pure; any thread.
import type { AveragingConfig, OptimizerConfig } from './optim.schema.ts';
import { createOptimizer } from './optimizer.ts';

/** The state arrays in their order; array 0 of a generation is the parameters, array i + 1 state i. */
export interface StateArrays {
  readonly names: readonly string[];
  /** What the elements of each state are before the first step; `parameters`: a copy of the first weights. */
  readonly initialValues: readonly (number | 'parameters')[];
  /** The index in a generation of the averaged parameters; null without averaging. */
  readonly averageArray: number | null;
}

/** The states that a run with these options has: the optimizer's, then the average. */
export function describeStates(options: OptimizerConfig, averaging: AveragingConfig | undefined): StateArrays {
  const { states, initialValues = [] } = createOptimizer(options);
  const firstValues = states.map((_, index) => initialValues[index] ?? 0);
  if (averaging === undefined) return { names: states, initialValues: firstValues, averageArray: null };
  return {
    names: [...states, 'average'],
    initialValues: [...firstValues, 'parameters'],
    averageArray: 1 + states.length,
  };
}
