// Stochastic gradient descent: turns parameters, momentum and a gradient into the next ones. Compute workers.
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type SgdConfig = Extract<OptimizerConfig, { name: 'sgd' }>;

/**
 * SGD with momentum, dampening, Nesterov's form and L2 weight decay, as PyTorch defines them: the first step's momentum is
 * the gradient itself, undampened.
 * @see Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning"; PyTorch moves lr out of
 * the velocity.
 */
export function sgd(options: SgdConfig): Optimizer {
  const { momentum, dampening, nesterov } = options;
  const hasMomentum = momentum !== 0;
  return {
    states: hasMomentum ? ['momentum'] : [],
    update(kernels, { step, lr, weightDecay, elements, gradient, from, to }) {
      kernels.sgd(
        to[0]!,
        from[0]!,
        gradient,
        hasMomentum ? to[1]! : 0,
        hasMomentum ? from[1]! : 0,
        elements,
        lr,
        momentum,
        dampening,
        nesterov ? 1 : 0,
        weightDecay,
        step === 0 ? 1 : 0,
      );
    },
  };
}
