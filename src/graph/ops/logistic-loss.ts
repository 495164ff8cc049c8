// Cross-entropy of yes-or-no outputs, with their logistic function inside: `bceWithLogits`. Coordinator only.
import { requireFloats } from '../elementwise.ts';
import { ACCUMULATE, labelMatrix, matrixColumns, matrixRows, SUMS, tensor } from '../kernel-call.ts';
import { floatWords, valueLossType } from '../loss-op.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { elementCount, formatType, type TensorType } from '../tensor-type.ts';

/** `posWeight` multiplies the part of the targets that are 1: one number an output (the last axis), or one for all. */
export type LogisticLossAttrs = { readonly posWeight?: readonly number[] };

/**
 * Logits and targets in [0, 1] of one shape, or i32 labels 0 and 1 of as many elements → the gradient of the numerator, which sums
 * (1 - t) ln(1 + e^x) + posWeight t ln(1 + e^-x) over all elements; the denominator counts them.
 */
export const logisticLoss: Op<LogisticLossAttrs> = {
  name: 'logisticLoss',
  infer(inputs, { posWeight }, where) {
    const [x, target] = inputs;
    const outputs = matrixColumns(x);
    if (posWeight !== undefined && posWeight.length !== 1 && posWeight.length !== outputs) {
      throw new ModelError(
        `${where}: expected ${outputs === 1 ? '1' : `1 or ${outputs}`} posWeight, one for each output, got ${posWeight.length}; give as many`,
      );
    }
    return target.element === 'i32' ? labelsType(x, target, where) : valueLossType(inputs, where);
  },
  gradient: ({ dOut }, input) => (input === 0 ? dOut : undefined),
  lower({ node, inputs: [x, target], out }) {
    const { posWeight } = node.attrs;
    const columns = matrixColumns(x);
    const weights = posWeight && Array.from({ length: columns }, (_, c) => posWeight[c % posWeight.length]);
    const sizes = [matrixRows(x), columns, SUMS, ACCUMULATE];
    const args = [out, tensor(x), tensor(target), ...sizes, floatWords(weights), target.element === 'i32' ? 1 : 0];
    return [{ kernel: 'logisticLoss', args, detail: `logisticLoss ${labelMatrix(x)}` }];
  },
};

function labelsType(x: TensorType, labels: TensorType, where: string): TensorType {
  requireFloats(x, where);
  if (!x.isBatched || !labels.isBatched || elementCount(x.shape) !== elementCount(labels.shape)) {
    throw new ModelError(
      `${where}: expected one output a label ${formatType(labels)}, got ${formatType(x)}; end the model with { dense: 1 }`,
    );
  }
  return { shape: x.shape, isBatched: true, element: 'f32' };
}
