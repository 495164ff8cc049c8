// Cross-entropy of class scores with label smoothing, class weights or an ignored label. Coordinator only.
import { ACCUMULATE, labelMatrix, matrixColumns, matrixRows, SUMS, tensor } from '../kernel-call.ts';
import { floatWords, ignoredLabel, type LabelLossAttrs, labelLossType } from '../loss-op.ts';
import type { Op } from '../op.ts';

/** `labelSmoothing` in [0, 1]: the share of the target that is spread evenly over all classes. */
export type WeightedCrossEntropyAttrs = LabelLossAttrs & { readonly labelSmoothing: number };

/**
 * Logits (…, classes) and labels (…) i32 → the gradient of the loss's numerator by the logits. With `classWeights` the sums have a fourth
 * cell: how many labels count, as the denominator is the sum of their weights.
 * @see softmax-cross-entropy.ts for the loss without settings.
 */
export const weightedCrossEntropy: Op<WeightedCrossEntropyAttrs> = {
  name: 'weightedCrossEntropy',
  infer: labelLossType,
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ node: { attrs }, inputs: [logits, labels], out }) {
    const sizes = [matrixRows(logits), matrixColumns(logits), SUMS, ACCUMULATE];
    const settings = [floatWords(attrs.classWeights), attrs.labelSmoothing, ignoredLabel(attrs)];
    const args = [out, tensor(logits), tensor(labels), ...sizes, ...settings];
    return [{ kernel: 'weightedCrossEntropy', args, detail: `weightedCrossEntropy ${labelMatrix(logits)}` }];
  },
};
