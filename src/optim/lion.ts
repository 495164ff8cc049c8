// Lion: turns parameters, a momentum and a gradient into the next ones. Compute workers.
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type LionConfig = Extract<OptimizerConfig, { name: 'lion' }>;

/** Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2): the sign of a mixture of momentum and gradient, decay beside it. */
export function lion({ beta1, beta2 }: LionConfig): Optimizer {
  return {
    states: ['momentum'],
    update(kernels, { lr, weightDecay, elements, gradient, from, to }) {
      kernels.lion(to[0]!, from[0]!, gradient, to[1]!, from[1]!, elements, lr, beta1, beta2, weightDecay);
    },
  };
}
