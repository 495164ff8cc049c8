// RMSprop: turns parameters, a mean of squares and a gradient into the next ones. Compute workers.
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type RmspropConfig = Extract<OptimizerConfig, { name: 'rmsprop' }>;

/**
 * RMSprop (Tieleman & Hinton 2012, lecture 6.5 of "Neural networks for machine learning"), centered as in Graves 2013, arXiv:1308.0850,
 * eq. 38 to 41, in PyTorch's form: eps is added after the root. Where rounding makes the centered variance negative it is 0 here, NaN there.
 */
export function rmsprop({ alpha, eps, momentum, centered }: RmspropConfig): Optimizer {
  const mean = centered ? 2 : 0;
  const velocity = momentum === 0 ? 0 : centered ? 3 : 2;
  const at = (arrays: Float64Array, array: number): number => (array === 0 ? 0 : arrays[array]!);
  return {
    states: ['squareAverage', ...(centered ? ['gradientAverage'] : []), ...(momentum === 0 ? [] : ['momentum'])],
    update(kernels, { lr, weightDecay, elements, gradient, from, to }) {
      kernels.rmsprop(
        to[0]!,
        from[0]!,
        gradient,
        to[1]!,
        from[1]!,
        at(to, mean),
        at(from, mean),
        at(to, velocity),
        at(from, velocity),
        elements,
        lr,
        alpha,
        eps,
        momentum,
        weightDecay,
        centered ? 1 : 0,
      );
    },
  };
}
