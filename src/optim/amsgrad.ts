// AMSGrad: turns parameters, two moments, the largest second moment and a gradient into the next ones. Compute workers.
import { powInteger } from '../kernels/scalar.ts';
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type AdamConfig = Extract<OptimizerConfig, { name: 'adam' | 'adamw' }>;

/**
 * Adam or AdamW that divides by the largest second moment so far (Reddi, Kale & Kumar 2018, arXiv:1904.09237, algorithm 2) in PyTorch's
 * form: the largest of the uncorrected moments. √(most)/c + eps with c = √correction2 is written as (√most + c · eps)/c, which saves the
 * kernel an argument.
 */
export function amsgrad({ name, beta1, beta2, eps }: AdamConfig): Optimizer {
  const isDecoupled = name === 'adamw';
  return {
    states: ['firstMoment', 'secondMoment', 'largestSecondMoment'],
    update(kernels, { step, lr, weightDecay, elements, gradient, from, to }) {
      const correction1 = 1 - powInteger(beta1, step + 1);
      const sqrtCorrection2 = Math.sqrt(1 - powInteger(beta2, step + 1));
      kernels.amsgrad(
        to[0]!,
        from[0]!,
        gradient,
        to[1]!,
        from[1]!,
        to[2]!,
        from[2]!,
        to[3]!,
        from[3]!,
        elements,
        (lr * sqrtCorrection2) / correction1,
        beta1,
        beta2,
        eps * sqrtCorrection2,
        isDecoupled ? 0 : weightDecay,
        isDecoupled ? 1 - lr * weightDecay : 1,
      );
    },
  };
}
