// Any loss, each sample's part of numerator and denominator times the sample's weight. Coordinator only.
import { WEIGHTED_LOSS_SCRATCH_BYTES, WEIGHTED_LOSSES } from '../../kernels/weighted-losses.ts';
import { ACCUMULATE, labelMatrix, matrixColumns, SUMS, tensor } from '../kernel-call.ts';
import type { Attrs, Op } from '../op.ts';
import { elementCount } from '../tensor-type.ts';
import { absoluteError } from './absolute-error.ts';
import { klDivergence } from './kl-divergence.ts';
import { logisticLoss } from './logistic-loss.ts';
import { meanSquaredError } from './mean-squared-error.ts';
import { negativeLogLikelihood } from './negative-log-likelihood.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';
import { weightedCrossEntropy } from './weighted-cross-entropy.ts';

/** The name of the loss's op, and that op's own settings. */
export type WeightedLossAttrs = { readonly loss: (typeof WEIGHTED_LOSSES)[number]; readonly settings: Attrs };

const LOSSES = {
  softmaxCrossEntropy,
  weightedCrossEntropy,
  negativeLogLikelihood,
  meanSquaredError,
  absoluteError,
  logisticLoss,
  klDivergence,
} as unknown as Readonly<Record<WeightedLossAttrs['loss'], Op>>;

/**
 * Outputs and targets, as the loss takes them, and weights (rows) → the gradient of Σ w[i] n[i], with n[i] the numerator that the loss has
 * of sample i alone; the denominator is Σ w[i] d[i]. So the loss is Σ w[i] l[i] / Σ w[i] where a sample has one label, over all shards,
 * micro-batches and global batches of any size. A fourth cell counts labels or elements, without weights, as `correct` does.
 */
export const weightedLoss: Op<WeightedLossAttrs> = {
  name: 'weightedLoss',
  infer: ([x, target], { loss, settings }, where) => LOSSES[loss].infer([x, target], settings, where),
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ node, inputs: [x, target, weights], out, accumulate }) {
    const { loss, settings } = node.attrs;
    const plain = { ...node, attrs: settings } as never;
    const [{ args: own }] = LOSSES[loss].lower!({ node: plain, inputs: [x, target], out, accumulate });
    // Every loss has its settings behind its sums.
    const [a = 0, b = 0, c = 0] = own.slice(own.indexOf(ACCUMULATE) + 1);
    const sizes = [{ of: 'rows', multiplier: 1 } as const, elementCount(x.shape.slice(0, -1)), matrixColumns(x)];
    const cells = { of: 'scratch', bytes: () => WEIGHTED_LOSS_SCRATCH_BYTES } as const;
    const tensors = [out, tensor(x), tensor(target)];
    const sums = [SUMS, ACCUMULATE, tensor(weights), cells];
    const args = [WEIGHTED_LOSSES.indexOf(loss), ...tensors, ...sizes, ...sums, a, b, c];
    return [{ kernel: 'weightedLoss', args, detail: `${loss} ${labelMatrix(x)} × weights` }];
  },
};
