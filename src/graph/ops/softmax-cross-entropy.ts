// Cross-entropy of class scores, with their softmax inside: the loss of classification. Coordinator only.
import { type NoAttrs, requireFloats } from '../elementwise.ts';
import { ACCUMULATE, labelMatrix, matrixColumns, matrixRows, SUMS, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatType, isSameShape } from '../tensor-type.ts';

/**
 * Logits (…, classes) and labels (…) i32 → the gradient of the loss's numerator by the logits, in one pass with the sums:
 * a loss's tensor is its own gradient. The numerator is the sum over rows of -ln softmax(row)[label], the denominator counts the rows.
 * A label may be any class below the number of logits.
 */
export const softmaxCrossEntropy: Op<NoAttrs> = {
  name: 'softmaxCrossEntropy',
  infer([logits, labels], _attrs, where) {
    requireFloats(logits, where);
    const hasRowOfLogits = logits.isBatched && logits.shape.length > 0;
    if (!hasRowOfLogits || labels.element !== 'i32' || !isSameShape(logits.shape.slice(0, -1), labels.shape)) {
      throw new ModelError(
        `${where}: expected outputs of shape (-1,classes) and labels of shape (-1), got ${formatType(logits)} and ${labels.element} ${formatType(labels)}; end the model with a dense layer of as many units as there are classes`,
      );
    }
    return { shape: logits.shape, isBatched: true, element: 'f32' };
  },
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ inputs: [logits, labels], out }) {
    const args = [out, tensor(logits), tensor(labels), matrixRows(logits), matrixColumns(logits), SUMS, ACCUMULATE];
    return [{ kernel: 'softmaxCrossEntropy', args, detail: `softmaxCrossEntropy ${labelMatrix(logits)}` }];
  },
};
