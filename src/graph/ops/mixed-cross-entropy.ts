// Cross-entropy of mixtures of two samples: two labels and a share each. Coordinator only.
import { ACCUMULATE, labelMatrix, matrixColumns, matrixRows, SUMS, tensor } from '../kernel-call.ts';
import { labelLossType } from '../loss-op.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatType, isSameType } from '../tensor-type.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';
import { weightedCrossEntropy } from './weighted-cross-entropy.ts';

/** `labelSmoothing` in [0, 1]: the share of the target that is spread evenly over all classes. */
export type MixedCrossEntropyAttrs = { readonly labelSmoothing: number };

/**
 * Logits (classes), labels and other labels () i32, shares () f32 of each sample → the gradient of the loss's numerator by the logits.
 * The numerator sums share · CE(label) + (1 − share) · CE(other), the denominator counts the rows. In evaluation nothing is mixed: it is
 * the cross-entropy of the labels.
 * @see Zhang et al. 2018, "mixup: beyond empirical risk minimization", arXiv:1710.09412
 */
export const mixedCrossEntropy: Op<MixedCrossEntropyAttrs> = {
  name: 'mixedCrossEntropy',
  infer([logits, labels, others, shares], _attrs, where) {
    const type = labelLossType([logits, labels], {}, where);
    const isFitting = isSameType(labels, others) && shares.element === 'f32' && shares.shape.length === 0;
    if (isFitting && labels.shape.length === 0) return type;
    const got = [labels, others, shares].map(formatType).join(', ');
    throw new ModelError(
      `${where}: expected a label, another and a share for each sample, got ${got}; this is a fault in lockstep`,
    );
  },
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  inEvaluation({ node: { attrs }, inputs: [logits, labels], apply }) {
    if (attrs.labelSmoothing === 0) return apply(softmaxCrossEntropy, [logits, labels], {});
    return apply(weightedCrossEntropy, [logits, labels], { labelSmoothing: attrs.labelSmoothing });
  },
  lower({ node: { attrs }, inputs: [logits, labels, others, shares], out }) {
    const tensors = [out, tensor(logits), tensor(labels), tensor(others), tensor(shares)];
    const sizes = [matrixRows(logits), matrixColumns(logits), SUMS, ACCUMULATE];
    const args = [...tensors, ...sizes, attrs.labelSmoothing];
    return [{ kernel: 'mixedCrossEntropy', args, detail: `mixedCrossEntropy ${labelMatrix(logits)}` }];
  },
};
