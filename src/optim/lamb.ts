// LAMB: turns a parameter tensor, two moments and a gradient into the next ones. Compute workers.
import { powInteger } from '../kernels/scalar.ts';
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type LambConfig = Extract<OptimizerConfig, { name: 'lamb' }>;

/**
 * LAMB (You et al. 2020, arXiv:1904.00962, algorithm 2) with both bias corrections and φ(x) = x: the step of each parameter tensor is
 * as long as lr times the tensor's own 2-norm. Where a norm is 0, as of biases at the start, the trust ratio is 1.
 */
export function lamb({ beta1, beta2, eps }: LambConfig): Optimizer {
  return {
    states: ['firstMoment', 'secondMoment'],
    needsWholeParameters: true,
    update(kernels, { step, lr, weightDecay, elements, gradient, from, to }) {
      const correction1 = 1 - powInteger(beta1, step + 1);
      const sqrtCorrection2 = Math.sqrt(1 - powInteger(beta2, step + 1));
      kernels.lamb(
        to[0]!,
        from[0]!,
        gradient,
        to[1]!,
        from[1]!,
        to[2]!,
        from[2]!,
        elements,
        lr,
        beta1,
        beta2,
        eps,
        weightDecay,
        correction1,
        sqrtCorrection2,
      );
    },
  };
}
