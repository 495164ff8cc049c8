// The negative log-likelihood of labels, from log-probabilities. Coordinator only.
import { ACCUMULATE, labelMatrix, matrixColumns, matrixRows, SUMS, tensor } from '../kernel-call.ts';
import { floatWords, ignoredLabel, type LabelLossAttrs, labelLossType } from '../loss-op.ts';
import type { Op } from '../op.ts';

/**
 * Log-probabilities x (…, classes) and labels (…) i32 → the gradient of the numerator -Σ weight[label] x[label]. The denominator sums
 * the weights; with `classWeights` a fourth cell counts the labels.
 */
export const negativeLogLikelihood: Op<LabelLossAttrs> = {
  name: 'negativeLogLikelihood',
  infer: labelLossType,
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ node: { attrs }, inputs: [x, labels], out }) {
    const sizes = [matrixRows(x), matrixColumns(x), SUMS, ACCUMULATE];
    const args = [out, tensor(x), tensor(labels), ...sizes, floatWords(attrs.classWeights), ignoredLabel(attrs)];
    return [{ kernel: 'negativeLogLikelihood', args, detail: `negativeLogLikelihood ${labelMatrix(x)}` }];
  },
};
