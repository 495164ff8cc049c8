// Augmentations and a dataset's shapes → a refusal of those that cannot be, before any sample is read. Coordinator only.
import type { Augmentation } from './augment.schema.ts';
import { DataError } from './data-error.ts';
import type { DatasetSpec } from './source.ts';

/** A mixture of two samples. */
export type Mixture = Extract<Augmentation, { mixup: number } | { cutMix: number }>;

/** Whether samples are mixed with others. */
export function isMixture(one: Augmentation): one is Mixture {
  return 'mixup' in one || 'cutMix' in one;
}

/** The name of its kind. */
export function kindOf(one: Augmentation): string {
  return Object.keys(one)[0];
}

/** Those that take values for what they are, not for an image. */
const FOR_ANY_SHAPE = ['noise', 'mixup'];

/** One number for both directions, or [vertical, horizontal]. */
export const pairOf = (value: number | readonly number[]): readonly number[] =>
  typeof value === 'number' ? [value, value] : value;

/** Channels, rows and columns of a sample: what is no image is one row. */
export function imageExtents({ shape }: { readonly shape: readonly number[] }): [number, number, number] {
  if (shape.length === 3) return [shape[0], shape[1], shape[2]];
  return [1, 1, shape.reduce((product, extent) => product * extent, 1)];
}

/**
 * Checks a list against what samples are.
 *
 * @param batchSize samples of the global batch, of which a partner is drawn
 * @throws DataError naming the item
 */
export function checkAugmentation(
  augment: readonly Augmentation[],
  { input, target }: Pick<DatasetSpec, 'input' | 'target'>,
  batchSize: number | 'full',
): void {
  augment.forEach((one, i) => {
    const where = `data.augment.${i}`;
    const kind = kindOf(one);
    const shape = `(${input.shape.join(', ')})`;
    if (input.storage === 'i32')
      throw new DataError(where, `inputs that are numbers for ${kind}`, 'tokens', 'remove it');
    if (!FOR_ANY_SHAPE.includes(kind) && input.shape.length !== 3) {
      const expected = `samples of shape (channels, rows, columns) for ${kind}`;
      throw new DataError(where, expected, shape, 'remove it, or use noise or mixup');
    }
    checkSizes(one, input.shape, where);
    if (!isMixture(one)) return;
    if (i !== augment.length - 1) {
      throw new DataError(
        where,
        `${kind} to be the last in the list`,
        `${kindOf(augment[i + 1])} behind it`,
        'move it to the end; there can be only one mixture',
      );
    }
    if (batchSize === 1) {
      throw new DataError(where, `at least 2 samples a global batch to mix`, 'batchSize 1', 'raise data.batchSize');
    }
    if (target.kind !== 'class' || (target.shape ?? []).length > 0) {
      const got = target.kind === 'class' ? `labels of shape (${target.shape})` : 'values';
      throw new DataError(where, `one class label a sample for ${kind}`, got, 'remove it');
    }
  });
}

function checkSizes(one: Augmentation, shape: readonly number[], where: string): void {
  const [, height, width] = shape;
  const refuse = (expected: string, got: readonly number[]) => {
    throw new DataError(where, expected, `[${got.join(', ')}]`, 'choose a smaller one');
  };
  if ('crop' in one) {
    const [rows, columns] = pairOf(one.crop);
    if (rows >= height || columns >= width) refuse(`padding below the images' ${height} × ${width}`, [rows, columns]);
  }
  if ('shift' in one && one.fill === 'reflect') {
    const [rows, columns] = pairOf(one.shift);
    if (rows === 1 || columns === 1) refuse('shifts below 1, as the image is mirrored', [rows, columns]);
  }
  if ('cutout' in one) {
    const [rows, columns] = pairOf(one.cutout);
    if (rows > height || columns > width) refuse(`a hole of at most ${height} × ${width}`, [rows, columns]);
  }
}
