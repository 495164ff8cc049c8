// Adam and AdamW: turn parameters, two moments and a gradient into the next ones. Compute workers.
import { powInteger } from '../kernels/scalar.ts';
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type AdamConfig = Extract<OptimizerConfig, { name: 'adam' | 'adamw' }>;

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1) in PyTorch's form: eps is added after the corrected root. `adamw`
 * takes the decay out of the gradient (Loshchilov & Hutter 2019, arXiv:1711.05101).
 */
export function adam(options: AdamConfig): Optimizer {
  const { name, beta1, beta2, eps } = options;
  const isDecoupled = name === 'adamw' ? 1 : 0;
  return {
    states: ['firstMoment', 'secondMoment'],
    update(kernels, { step, lr, weightDecay, elements, gradient, from, to }) {
      // Steps count from 0, the paper's t from 1. In f64, by multiplications alone: the same on every engine.
      const correction1 = 1 - powInteger(beta1, step + 1);
      const correction2 = 1 - powInteger(beta2, step + 1);
      kernels.adam(
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
        isDecoupled,
        correction1,
        Math.sqrt(correction2),
      );
    },
  };
}
