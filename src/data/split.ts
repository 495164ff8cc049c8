// A number of samples and two fractions → the sample ids of the train, validation and test parts; coordinator.

import { PURPOSE } from '../kernels/purpose.ts';
import { DataError } from './data-error.ts';
import { permute } from './permutation.ts';

/** Sample ids, ascending in each part; no id is in two parts. */
export interface Parts {
  train: Uint32Array;
  validation: Uint32Array;
  test: Uint32Array;
}

/**
 * Splits ids 0..samples−1: one permutation decides, its first ⌊test · samples⌋ ids are the test part, the next
 * ⌊validation · samples⌋ the validation part, the rest is trained on. So the test part does not depend on `validation`.
 *
 * Ids are sorted in each part: unshuffled training then reads the samples in the order of their file.
 *
 * @throws DataError where a part that was asked for, or the train part, would be empty
 */
export function splitSamples(seed: number, samples: number, fractions: { validation: number; test: number }): Parts {
  const testCount = partCount('test', fractions.test, samples);
  const heldOut = testCount + partCount('validation', fractions.validation, samples);
  if (heldOut >= samples) {
    const got = `${heldOut} of ${samples} samples in the validation and test parts`;
    throw new DataError('data.validation', 'samples left to train on', got, 'lower data.validation or data.test');
  }
  const order = new Uint32Array(samples);
  permute(order, seed, PURPOSE.split, 0);
  return {
    test: order.slice(0, testCount).sort(),
    validation: order.slice(testCount, heldOut).sort(),
    train: order.slice(heldOut).sort(),
  };
}

function partCount(part: 'validation' | 'test', fraction: number, samples: number): number {
  // ⌊fraction · samples⌋ of the decimal that was written: 0.29 · 100 is 28.999999999999996 in binary, and 29 is meant.
  const count = Math.floor(fraction * samples + 1e-6);
  if (fraction > 0 && count === 0) {
    const least = `a fraction that gives at least one of ${samples} samples`;
    throw new DataError(`data.${part}`, least, `${fraction}`, `raise it, or set data.${part} to 0`);
  }
  return count;
}
