// Adagrad: turns parameters, a sum of squares and a gradient into the next ones. Compute workers.
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type AdagradConfig = Extract<OptimizerConfig, { name: 'adagrad' }>;

/** Adagrad (Duchi, Hazan & Singer 2011, JMLR 12, the diagonal form of figure 1) in PyTorch's form, with a decay of the rate. */
export function adagrad({ eps, lrDecay, initialAccumulator }: AdagradConfig): Optimizer {
  return {
    states: ['squareSum'],
    initialValues: [initialAccumulator],
    update(kernels, { step, lr, weightDecay, elements, gradient, from, to }) {
      const rate = lr / (1 + step * lrDecay);
      kernels.adagrad(to[0]!, from[0]!, gradient, to[1]!, from[1]!, elements, rate, eps, weightDecay);
    },
  };
}
