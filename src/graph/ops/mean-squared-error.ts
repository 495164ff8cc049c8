// The squared distance of predictions from their targets: the loss of regression. Coordinator only.
import { type NoAttrs, requireFloats } from '../elementwise.ts';
import { ACCUMULATE, labelMatrix, matrixColumns, matrixRows, SUMS, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatType, isSameType } from '../tensor-type.ts';

/**
 * Predictions and targets of one shape → the gradient of the loss's numerator by the predictions, in one pass with the sums:
 * a loss's tensor is its own gradient. The numerator is the sum over all elements of (prediction - target)², the denominator counts them.
 */
export const meanSquaredError: Op<NoAttrs> = {
  name: 'meanSquaredError',
  infer([prediction, target], _attrs, where) {
    requireFloats(prediction, where);
    if (!prediction.isBatched || !isSameType(prediction, target)) {
      throw new ModelError(
        `${where}: expected outputs of the targets' shape ${formatType(target)}, got ${formatType(prediction)}; end the model with a layer of that shape`,
      );
    }
    return { shape: prediction.shape, isBatched: true, element: 'f32' };
  },
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ inputs: [prediction, target], out }) {
    const [rows, columns] = [matrixRows(prediction), matrixColumns(prediction)];
    const args = [out, tensor(prediction), tensor(target), rows, columns, SUMS, ACCUMULATE];
    return [{ kernel: 'meanSquaredError', args, detail: `meanSquaredError ${labelMatrix(prediction)}` }];
  },
};
