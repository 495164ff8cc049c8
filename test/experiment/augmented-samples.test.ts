import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { readSamples } from '#src/data/inspect.js';
import { augmentedSamples } from '#src/experiment/augmented-samples.js';

const [SIDE, EPOCHS] = [8, 5];
const PIXELS = SIDE * SIDE;

/** Three digits: as they are, then as five epochs would train on them. */
function show(augment: object[], batchSize = 50) {
  const data = dataSchema.parse({ source: 'digits', augment, batchSize, validation: 0.1 });
  const dataset = openDataset(data, 3, '/');
  const { inputs, targets } = readSamples(dataset);
  const ids = dataset.parts.train.subarray(0, 3);
  const made = augmentedSamples(dataset, inputs, ids, { data, seed: 3, epochs: EPOCHS });
  const picture = (row: number, column: number) => {
    const at = (row * (1 + EPOCHS) + column) * PIXELS;
    return [...made.subarray(at, at + PIXELS)];
  };
  const original = (id: number) =>
    [...inputs.subarray(id * PIXELS, (id + 1) * PIXELS)].map((x) => Math.fround(x / dataset.spec.input.divisor));
  return { dataset, ids, picture, original, targets };
}

describe('augmentedSamples', () => {
  it('begins each row with the sample as evaluation sees it', () => {
    const { ids, picture, original } = show([{ noise: 0.1 }, { mixup: 1 }]);
    for (const [row, id] of ids.entries()) {
      expect(picture(row, 0)).toEqual(original(id));
      for (let column = 1; column <= EPOCHS; column++) expect(picture(row, column)).not.toEqual(original(id));
    }
  });

  it('shows each epoch a change of its own', () => {
    const { ids, picture, original } = show([{ flip: 'horizontal' }]);
    const mirrored = (x: number[]) => x.map((_, i) => x[i - (i % SIDE) + SIDE - 1 - (i % SIDE)]);
    const seen = new Set<boolean>();
    for (const [row, id] of ids.entries()) {
      for (let column = 1; column <= EPOCHS; column++) {
        const isFlipped = picture(row, column).join() !== original(id).join();
        seen.add(isFlipped);
        expect(picture(row, column)).toEqual(isFlipped ? mirrored(original(id)) : original(id));
      }
    }
    expect(seen.size).toBe(2);
  });

  it('mixes with a sample of the training part', () => {
    const { dataset, ids, picture, original } = show([{ cutMix: 0.5 }]);
    const all = [...dataset.parts.train].map(original);
    for (const [row, id] of ids.entries()) {
      for (let column = 1; column <= EPOCHS; column++) {
        const own = original(id);
        const mixed = picture(row, column);
        const isMixtureWith = (other: number[]) => mixed.every((x, i) => x === own[i] || x === other[i]);
        expect(all.some(isMixtureWith)).toBe(true);
      }
    }
  });
});
