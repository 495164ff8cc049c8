// Predictions and targets → one number to be lowered, made of the tensor's own methods. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { formatShape, isSameShape } from '../graph/tensor-type.ts';
import { tensor } from './creation.ts';
import type { Tensor } from './tensor.ts';

/**
 * The mean of (prediction - target)² over all elements.
 * @param target of the prediction's shape: one that would only broadcast is a mistake more often than not.
 * @throws ModelError where the shapes differ.
 */
export function mse(prediction: Tensor, target: Tensor): Tensor {
  if (!isSameShape(prediction.shape, target.shape)) {
    throw new ModelError(
      `mse: expected a target of the prediction's shape ${formatShape(prediction.shape)}, got ${formatShape(target.shape)}; reshape one of them`,
    );
  }
  return prediction.sub(target).square().mean();
}

/**
 * The mean over rows of -ln softmax(row)[label].
 * @param logits (rows, classes), or (classes) for a single row
 * @param labels a whole number from 0 to classes - 1 for each row
 * @throws ModelError where there are no rows of logits, as many labels or such a class.
 */
export function crossEntropy(logits: Tensor, labels: Tensor | ArrayLike<number>): Tensor {
  const { shape } = logits;
  const classes = shape.at(-1) ?? 0;
  const isRows = (shape.length === 1 || shape.length === 2) && logits.size > 0;
  const chosen = 'data' in labels ? labels.data() : labels;
  if (!isRows || chosen.length !== logits.size / classes) {
    throw new ModelError(
      `crossEntropy: expected logits of shape (rows,classes) and as many labels as rows, got ${formatShape(shape)} and ${chosen.length} labels; change one of the two`,
    );
  }
  return logits
    .logSoftmax()
    .mul(oneHot(chosen, classes, shape))
    .sum()
    .div(-chosen.length);
}

function oneHot(labels: ArrayLike<number>, classes: number, shape: readonly number[]): Tensor {
  const numbers = new Float32Array(labels.length * classes);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ModelError(
        `crossEntropy: expected labels from 0 to ${classes - 1}, got ${label} in row ${row}; correct it, or give the logits more classes`,
      );
    }
    numbers[row * classes + label] = 1;
  }
  return tensor(numbers, { shape });
}
