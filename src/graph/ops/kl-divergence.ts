// The Kullback-Leibler divergence of predicted log-probabilities from target probabilities. Coordinator only.

import type { NoAttrs } from '../elementwise.ts';
import { ACCUMULATE, elementsOf, labelMatrix, SUMS, tensor } from '../kernel-call.ts';
import { valueLossType } from '../loss-op.ts';
import type { Op } from '../op.ts';

/**
 * Log-probabilities x and probabilities p of one shape → the gradient of the numerator Σ p (ln p - x) over all elements, 0 where p is 0.
 * The denominator counts the samples: PyTorch's `kl_div` with reduction 'batchmean', which is the mean divergence.
 */
export const klDivergence: Op<NoAttrs> = {
  name: 'klDivergence',
  infer: (inputs, _attrs, where) => valueLossType(inputs, where),
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ inputs: [x, target], out }) {
    const samples = { of: 'rows', multiplier: 1 } as const;
    const args = [out, tensor(x), tensor(target), elementsOf(x), samples, SUMS, ACCUMULATE];
    return [{ kernel: 'klDivergence', args, detail: `klDivergence ${labelMatrix(x)}` }];
  },
};
