import { describe, expect, it } from 'vitest';
import { checkAugmentation } from '#src/data/augmentation.js';
import { dataSchema } from '#src/data/data.schema.js';
import { DataError } from '#src/data/data-error.js';
import type { DatasetSpec } from '#src/data/source.js';

const labels: DatasetSpec['target'] = { kind: 'class', storage: 'u8', classes: 10 };
const images = (...shape: number[]): DatasetSpec['input'] => ({ shape, storage: 'u8', divisor: 255 });
const tokens: DatasetSpec['input'] = { shape: [8], storage: 'i32', divisor: 1, classes: 9 };
const values: DatasetSpec['target'] = { kind: 'values', storage: 'f32', shape: [1] };

function check(augment: object[], input: DatasetSpec['input'], target = labels, batchSize: number | 'full' = 64) {
  const parsed = dataSchema.parse({ source: 'digits', augment }).augment!;
  return () => checkAugmentation(parsed, { input, target }, batchSize);
}

describe('checkAugmentation', () => {
  it.each([
    [[{ rotate: 5 }], images(7), 'samples of shape (channels, rows, columns) for rotate, got (7); remove it'],
    [[{ noise: 1 }, { flip: 'vertical' }], images(3, 4), 'data.augment.1: expected samples of shape'],
    [[{ noise: 0.1 }], tokens, 'expected inputs that are numbers for noise, got tokens; remove it'],
    [[{ crop: [1, 8] }], images(1, 8, 8), "expected padding below the images' 8 × 8, got [1, 8]; choose a smaller one"],
    [[{ cutout: 9 }], images(1, 8, 8), 'expected a hole of at most 8 × 8, got [9, 9]; choose'],
    [[{ shift: 1, fill: 'reflect' }], images(1, 8, 8), 'expected shifts below 1, as the image is mirrored, got [1, 1]'],
    [
      [{ mixup: 1 }, { flip: 'vertical' }],
      images(1, 8, 8),
      'data.augment.0: expected mixup to be the last in the list, got flip behind it; move it to the end',
    ],
    [[{ mixup: 1 }, { cutMix: 1 }], images(1, 8, 8), 'expected mixup to be the last in the list, got cutMix behind it'],
    [[{ cutMix: 1 }], images(7), 'expected samples of shape (channels, rows, columns) for cutMix, got (7)'],
  ] as const)('refuses %j of %j', (augment, input, message) => {
    const run = check([...augment], input as DatasetSpec['input']);
    expect(run).toThrow(DataError);
    expect(run).toThrow(message);
  });

  it('refuses to mix one sample, values, and rows of labels', () => {
    const image = images(1, 8, 8);
    expect(check([{ mixup: 1 }], image, labels, 1)).toThrow('expected at least 2 samples a global batch to mix');
    expect(check([{ mixup: 1 }], image, values)).toThrow('expected one class label a sample for mixup, got values');
    expect(check([{ mixup: 1 }], image, { ...labels, shape: [2, 2] })).toThrow('got labels of shape (2,2); remove it');
  });

  it('takes noise and mixup of any numbers, and everything of images of any channels', () => {
    expect(check([{ noise: 0.1 }, { mixup: 1 }], images(13))).not.toThrow();
    expect(
      check([{ crop: 7 }, { shift: 1 }, { cutout: 8 }, { cutMix: 1 }], images(4, 8, 9), labels, 'full'),
    ).not.toThrow();
  });
});
