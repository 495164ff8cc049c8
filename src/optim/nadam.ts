// NAdam: turns parameters, two moments and a gradient into the next ones. Compute workers.
import { pow, powInteger } from '../kernels/scalar.ts';
import type { OptimizerConfig } from './optim.schema.ts';
import type { Optimizer } from './optimizer.ts';

type NadamConfig = Extract<OptimizerConfig, { name: 'nadam' }>;

/**
 * Adam with Nesterov's momentum (Dozat 2016, "Incorporating Nesterov momentum into Adam") in PyTorch's form: the momentum of step t is
 * μ_t = beta1 (1 − 0.5 · 0.96^(t · momentumDecay)), and the corrections divide by 1 − Π μ.
 *
 * The correction of the first moment is that of PyTorch 1.13, of which the fixtures are: μ_t is twice in its product. PyTorch 2.0 took one
 * of the two out (github.com/pytorch/pytorch/pull/92699), as the paper has it; the step differs by up to 1 % in the first steps and by
 * nothing once the product has vanished.
 */
export function nadam({ beta1, beta2, eps, momentumDecay }: NadamConfig): Optimizer {
  const momentumAt = (t: number): number => beta1 * (1 - 0.5 * pow(0.96, t * momentumDecay));
  const products = momentumProducts(momentumAt);
  return {
    states: ['firstMoment', 'secondMoment'],
    update(kernels, { step, lr, weightDecay, elements, gradient, from, to }) {
      const t = step + 1;
      const product = products(t);
      const momentum = momentumAt(t);
      const next = momentumAt(t + 1);
      kernels.nadam(
        to[0]!,
        from[0]!,
        gradient,
        to[1]!,
        from[1]!,
        to[2]!,
        from[2]!,
        elements,
        (lr * (1 - momentum)) / (1 - product),
        (lr * next) / (1 - product * momentum * next),
        beta1,
        beta2,
        eps,
        weightDecay,
        Math.sqrt(1 - powInteger(beta2, t)),
      );
    },
  };
}

/** Far below half a unit in the last place of 1. */
const NOTHING = 2 ** -100;

/**
 * t → μ_1 · μ_2 · … · μ_t, multiplied in this order. The last product is kept, so that the next step costs one multiplication; a worker
 * that begins elsewhere multiplies anew and comes to the same bits. It ends where 1 − product has long been 1: rounding never lets it be 0.
 */
function momentumProducts(momentumAt: (t: number) => number): (t: number) => number {
  let known = 0;
  let product = 1;
  return (t) => {
    if (t < known) [known, product] = [0, 1];
    while (known < t && product > NOTHING) product *= momentumAt(++known);
    return product;
  };
}
