// RAdam: turns parameters, two moments and a gradient into the next ones. Compute workers.
import { powInteger } from '../kernels/scalar.ts';
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type RadamConfig = Extract<OptimizerConfig, { name: 'radam' }>;

/** Rectified Adam (Liu et al. 2020, arXiv:1908.03265, algorithm 2) in PyTorch's form: eps stands beside the uncorrected root. */
export function radam({ beta1, beta2, eps }: RadamConfig): Optimizer {
  return {
    states: ['firstMoment', 'secondMoment'],
    update(kernels, { step, lr, weightDecay, elements, gradient, from, to }) {
      const correction1 = 1 - powInteger(beta1, step + 1);
      const rectification = rectify(beta2, step + 1);
      kernels.radam(
        to[0]!,
        from[0]!,
        gradient,
        to[1]!,
        from[1]!,
        to[2]!,
        from[2]!,
        elements,
        (lr / correction1) * (rectification ?? 1),
        beta1,
        beta2,
        eps,
        weightDecay,
        rectification === null ? 0 : 1,
      );
    },
  };
}

/**
 * The rectification r_t times the root of the second correction, or null where the variance of the second moment is not tractable: PyTorch
 * asks for a length ρ_t of the approximated average above 5, the paper for one above 4.
 */
export function rectify(beta2: number, t: number): number | null {
  const power = powInteger(beta2, t);
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - (2 * t * power) / (1 - power);
  if (!(length > 5)) return null;
  const ratio = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
  return Math.sqrt(ratio) * Math.sqrt(1 - power);
}
