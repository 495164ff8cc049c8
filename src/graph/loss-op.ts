// What the losses' ops have in common: how targets must fit, weights as constants. Coordinator only.
import { requireFloats } from './elementwise.ts';
import { type Operand, words } from './kernel-call.ts';
import { ModelError } from './model-error.ts';
import { formatType, isSameShape, isSameType, type TensorType } from './tensor-type.ts';

/** No label is this number: what a kernel is told where no label is ignored. */
const NO_LABEL = -(2 ** 31);

/** The label that counts for nothing, if there is one. */
export type LabelLossAttrs = {
  /** One weight a class; 1 for each where there are none. */
  readonly classWeights?: readonly number[];
  readonly ignoreIndex?: number;
};

/**
 * The type of a loss of values: predictions and targets of one type.
 * @throws ModelError where they differ.
 */
export function valueLossType([prediction, target]: readonly TensorType[], where: string): TensorType {
  requireFloats(prediction, where);
  if (!prediction.isBatched || !isSameType(prediction, target)) {
    throw new ModelError(
      `${where}: expected outputs of the targets' shape ${formatType(target)}, got ${formatType(prediction)}; end the model with a layer of that shape`,
    );
  }
  return { shape: prediction.shape, isBatched: true, element: 'f32' };
}

/**
 * The type of a loss of labels: scores (…, classes) and labels (…).
 * @throws ModelError where they do not fit, or there is another number of weights than of classes.
 */
export function labelLossType(
  [scores, labels]: readonly TensorType[],
  { classWeights }: LabelLossAttrs,
  where: string,
): TensorType {
  requireFloats(scores, where);
  const isRow = scores.isBatched && scores.shape.length > 0;
  if (!isRow || labels.element !== 'i32' || !isSameShape(scores.shape.slice(0, -1), labels.shape)) {
    throw new ModelError(
      `${where}: expected outputs of shape (-1,…,classes) and labels of shape (-1,…), got ${formatType(scores)} and ${labels.element} ${formatType(labels)}; end the model with a layer of as many units as there are classes`,
    );
  }
  const classes = scores.shape.at(-1);
  if (classWeights !== undefined && classWeights.length !== classes) {
    throw new ModelError(
      `${where}: expected ${classes} classWeights, one for each output, got ${classWeights.length}; give as many`,
    );
  }
  return { shape: scores.shape, isBatched: true, element: 'f32' };
}

/** The address of f32 numbers in the plan's constants; 0 where there are none. */
export function floatWords(values: readonly number[] | undefined): Operand {
  return values === undefined ? 0 : words([...new Int32Array(Float32Array.from(values).buffer)]);
}

/** The label that a kernel passes over. */
export function ignoredLabel({ ignoreIndex = NO_LABEL }: LabelLossAttrs): number {
  return ignoreIndex;
}
