// A number of samples, of folds, and what a split goes by → the fold that tests each sample, and one fold's parts; coordinator, pure.

import { PURPOSE } from '../kernels/purpose.ts';
import { DataError } from './data-error.ts';
import { permute } from './permutation.ts';
import { shardRange } from './sampler.ts';
import type { Parts } from './source.ts';
import { idsByClass, idsByKey, requireLabels, type SplitSpec, splitBy } from './split.ts';

/** What folds go by beside the seed; `validation` is the fraction of what a fold trains on. */
export type FoldSpec = Omit<SplitSpec, 'test'> & { folds: number };

/**
 * The fold, from 0 on, in which each of the samples 0..samples−1 is tested:
 * - `random`: the permutation of a random split, cut into stretches whose lengths differ by one at most;
 * - `stratified`: each fold has of each class its share, and of all samples its share, to within one sample;
 * - `group`: samples of one key are in one fold; the largest groups are dealt first, each to the fold that has the fewest samples.
 *
 * @throws DataError where a fold would be empty, or the samples have nothing to go by
 */
export function assignFolds(samples: number, spec: FoldSpec): Uint32Array {
  const { folds } = spec;
  if (samples < folds) throw tooFew('samples', samples, folds);
  switch (spec.kind) {
    case 'random':
      return assignStretches(samples, spec);
    case 'stratified':
      return assignStratified(samples, spec);
    case 'group':
      return assignGroups(spec.keys!, spec);
    case 'time':
      throw new DataError('data.folds', 'split: random, stratified or group', 'time', 'use test in place of folds');
  }
}

/**
 * The parts of one fold, counted from 0: its samples are the test part; the others are split into the training and the validation part as
 * `kind` says. Ids ascend in each part.
 *
 * @throws DataError as `assignFolds` and `splitBy`
 */
export function foldParts(samples: number, spec: FoldSpec, fold: number): Parts {
  const foldOf = assignFolds(samples, spec);
  const ids = Uint32Array.from({ length: samples }, (_, id) => id);
  const rest = ids.filter((id) => foldOf[id] !== fold);
  const { labels, keys } = spec;
  const parts = splitBy(rest.length, {
    ...spec,
    test: 0,
    labels: labels && Array.from(rest, (id) => labels[id]),
    keys: keys && Array.from(rest, (id) => keys[id]),
  });
  const idsOf = (positions: Uint32Array) => positions.map((position) => rest[position]);
  return {
    train: idsOf(parts.train),
    validation: idsOf(parts.validation),
    test: ids.filter((id) => foldOf[id] === fold),
  };
}

function assignStretches(samples: number, { seed, folds }: FoldSpec): Uint32Array {
  const order = new Uint32Array(samples);
  permute(order, seed, PURPOSE.split, 0);
  const foldOf = new Uint32Array(samples);
  for (let fold = 0; fold < folds; fold++) {
    const { start, count } = shardRange(samples, folds, fold);
    for (const id of order.subarray(start, start + count)) foldOf[id] = fold;
  }
  return foldOf;
}

/** One class after the other, each in an order of its own, dealt round and round: where a class ends the next one goes on. */
function assignStratified(samples: number, { seed, folds, labels }: FoldSpec): Uint32Array {
  const foldOf = new Uint32Array(samples);
  let dealt = 0;
  for (const [label, ids] of idsByClass(requireLabels({ labels })).entries()) {
    const order = new Uint32Array(ids.length);
    permute(order, seed, PURPOSE.split, 1 + label);
    for (const position of order) foldOf[ids[position]] = dealt++ % folds;
  }
  return foldOf;
}

function assignGroups(keys: readonly string[], { seed, folds }: FoldSpec): Uint32Array {
  const groups = idsByKey(keys);
  if (groups.size < folds) throw tooFew('groups', groups.size, folds);
  // Sorted, so that the order of the rows does not say which fold tests a group; the seed says it among groups of one size.
  const names = [...groups.keys()].sort();
  const order = new Uint32Array(names.length);
  permute(order, seed, PURPOSE.split, 0);
  const shuffled = Array.from(order, (position) => groups.get(names[position])!);
  const foldOf = new Uint32Array(keys.length);
  const counts = new Array<number>(folds).fill(0);
  for (const ids of shuffled.sort((a, b) => b.length - a.length)) {
    const fold = counts.indexOf(Math.min(...counts));
    counts[fold] += ids.length;
    for (const id of ids) foldOf[id] = fold;
  }
  return foldOf;
}

function tooFew(what: string, count: number, folds: number): DataError {
  const advice = what === 'groups' ? 'lower data.folds, or use another splitBy' : 'lower data.folds';
  return new DataError('data.folds', `at least ${folds} ${what}, one a fold`, `${count}`, advice);
}
