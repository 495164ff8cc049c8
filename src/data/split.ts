// A number of samples, two fractions and what to go by → the sample ids of the train, validation and test parts; coordinator.

import { PURPOSE } from '../kernels/purpose.ts';
import { isNumberCell } from './cell.ts';
import { DataError } from './data-error.ts';
import { permute } from './permutation.ts';
import type { Parts } from './source.ts';

/**
 * Splits ids 0..samples−1: one permutation decides, its first ⌊test · samples⌋ ids are the test part, the next
 * ⌊validation · samples⌋ the validation part, the rest is trained on. So the test part does not depend on `validation`.
 *
 * Ids are sorted in each part: unshuffled training then reads the samples in the order of their file.
 *
 * @throws DataError where a part that was asked for, or the train part, would be empty
 */
export function splitSamples(seed: number, samples: number, fractions: { validation: number; test: number }): Parts {
  const { test: testCount, validation } = partCounts(samples, fractions);
  const heldOut = testCount + validation;
  const order = new Uint32Array(samples);
  permute(order, seed, PURPOSE.split, 0);
  return {
    test: order.slice(0, testCount).sort(),
    validation: order.slice(testCount, heldOut).sort(),
    train: order.slice(heldOut).sort(),
  };
}

/** How samples are divided into parts. */
export type SplitKind = 'random' | 'stratified' | 'group' | 'time';

/** What a split goes by beside the seed. */
export interface SplitSpec {
  kind: SplitKind;
  seed: number;
  validation: number;
  test: number;
  /** Of each sample: its class, for `stratified`. */
  labels?: ArrayLike<number>;
  /** Of each sample: the text of its group or time. */
  keys?: readonly string[];
}

/**
 * Splits ids 0..samples−1 as the spec says:
 * - `random`: see splitSamples;
 * - `stratified`: each part has of each class its share, to within one sample;
 * - `group`: samples of one key are in one part; groups go to the test part until it has at least its share, then to the validation part;
 * - `time`: the samples with the last keys are the test part, those before them the validation part; samples of equal keys stay in order.
 *
 * @throws DataError where a part would be empty, or the samples have nothing to go by
 */
export function splitBy(samples: number, spec: SplitSpec): Parts {
  const { kind, seed } = spec;
  const counts = partCounts(samples, spec);
  switch (kind) {
    case 'random':
      return splitSamples(seed, samples, spec);
    case 'stratified':
      return splitStratified(spec, requireLabels(spec), counts);
    case 'group':
      return splitGroups(spec, spec.keys!, counts);
    case 'time':
      return splitTime(spec.keys!, counts);
  }
}

/** How many samples each part is to have. */
interface PartCounts {
  validation: number;
  test: number;
}

function partCounts(samples: number, fractions: { validation: number; test: number }): PartCounts {
  const test = partCount('test', fractions.test, samples);
  const validation = partCount('validation', fractions.validation, samples);
  if (test + validation < samples) return { test, validation };
  const got = `${test + validation} of ${samples} samples in the validation and test parts`;
  throw new DataError('data.validation', 'samples left to train on', got, 'lower data.validation or data.test');
}

/** @throws DataError where the samples have no classes to go by */
export function requireLabels({ labels }: Pick<SplitSpec, 'labels'>): ArrayLike<number> {
  if (labels !== undefined) return labels;
  throw new DataError('data.split', 'samples with a class each for stratified', 'samples without', 'use split: random');
}

/** Each class in an order of its own, whose counter's epoch is 1 + the class; the whole order's is 0. */
function splitStratified({ seed }: SplitSpec, labels: ArrayLike<number>, counts: PartCounts): Parts {
  const classes = idsByClass(labels);
  const test = apportion(
    classes.map(({ length }) => length),
    counts.test,
  );
  const rest = classes.map(({ length }, i) => length - test[i]);
  const validation = apportion(rest, counts.validation);
  const parts = emptyParts();
  for (const [label, ids] of classes.entries()) {
    const order = new Uint32Array(ids.length);
    permute(order, seed, PURPOSE.split, 1 + label);
    const ordered = Array.from(order, (position) => ids[position]);
    const heldOut = test[label] + validation[label];
    for (const id of ordered.slice(0, test[label])) parts.test.push(id);
    for (const id of ordered.slice(test[label], heldOut)) parts.validation.push(id);
    for (const id of ordered.slice(heldOut)) parts.train.push(id);
  }
  return sortParts(parts);
}

/** The ids of each class, ascending. */
export function idsByClass(labels: ArrayLike<number>): number[][] {
  const classes: number[][] = [];
  for (let id = 0; id < labels.length; id++) {
    while (classes.length <= labels[id]) classes.push([]);
    classes[labels[id]].push(id);
  }
  return classes;
}

/** `total` divided in proportion to the sizes: the floors first, then one more for the largest remainders, of equal ones the first. */
function apportion(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sizes.map((size) => Math.floor((size * total) / all));
  const remainders = sizes.map((size, i) => ({ i, remainder: size * total - shares[i] * all }));
  remainders.sort((a, b) => b.remainder - a.remainder || a.i - b.i);
  const left = total - shares.reduce((sum, share) => sum + share, 0);
  for (const { i } of remainders.slice(0, left)) shares[i]++;
  return shares;
}

/** The ids of each key, ascending. */
export function idsByKey(keys: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const [id, key] of keys.entries()) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [id]);
    else group.push(id);
  }
  return groups;
}

function splitGroups({ seed }: SplitSpec, keys: readonly string[], counts: PartCounts): Parts {
  const groups = idsByKey(keys);
  // Sorted, so that the order of the rows does not say which groups are tested on.
  const names = [...groups.keys()].sort();
  const order = new Uint32Array(names.length);
  permute(order, seed, PURPOSE.split, 0);
  const parts = emptyParts();
  for (const position of order) {
    const ids = groups.get(names[position])!;
    const part =
      parts.test.length < counts.test
        ? parts.test
        : parts.validation.length < counts.validation
          ? parts.validation
          : parts.train;
    for (const id of ids) part.push(id);
  }
  if (parts.train.length === 0) {
    const got = `${names.length}, all of them in the validation and test parts`;
    throw new DataError('data.splitBy', 'groups left to train on', got, 'lower data.validation or data.test');
  }
  return sortParts(parts);
}

function splitTime(keys: readonly string[], counts: PartCounts): Parts {
  const isNumeric = keys.every(isNumberCell);
  const values = isNumeric ? keys.map(Number) : keys;
  const order = Array.from(keys.keys()).sort((a, b) =>
    values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : a - b,
  );
  const testStart = order.length - counts.test;
  const validationStart = testStart - counts.validation;
  return sortParts({
    test: order.slice(testStart),
    validation: order.slice(validationStart, testStart),
    train: order.slice(0, validationStart),
  });
}

function emptyParts(): Record<keyof Parts, number[]> {
  return { train: [], validation: [], test: [] };
}

function sortParts({ train, validation, test }: Record<keyof Parts, number[]>): Parts {
  const sorted = (ids: number[]) => Uint32Array.from(ids).sort();
  return { train: sorted(train), validation: sorted(validation), test: sorted(test) };
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
