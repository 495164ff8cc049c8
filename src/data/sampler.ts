// (seed, epoch, step, shard) → the ids of the samples in that shard, a pure function; coordinator, tests and replay.

import { PURPOSE } from '../kernels/purpose.ts';
import { balancedOrder, type ClassPositions } from './balanced-order.ts';
import { identity, permute } from './permutation.ts';

/** All that decides which sample is where. `batchSize` is the global batch. */
export interface SamplerSpec {
  seed: number;
  trainSamples: number;
  batchSize: number;
  shards: number;
  isShuffled: boolean;
}

/** Steps of one epoch; the last one's global batch may be smaller. */
export function stepsPerEpoch(s: SamplerSpec): number {
  return Math.ceil(s.trainSamples / s.batchSize);
}

/** The global batch of a step (counted from 0 over the whole run): `count` positions from `start` on in its epoch's order. */
export function stepBatch(s: SamplerSpec, step: number): { epoch: number; start: number; count: number } {
  const steps = stepsPerEpoch(s);
  const epoch = Math.floor(step / steps);
  const start = (step - epoch * steps) * s.batchSize;
  return { epoch, start, count: Math.min(s.batchSize, s.trainSamples - start) };
}

/** Shard v of a global batch of `count`: ⌊count/V⌋ samples, one more for v < count mod V; `start` counts inside the global batch. */
export function shardRange(count: number, shards: number, v: number): { start: number; count: number } {
  const least = Math.floor(count / shards);
  const larger = count - least * shards;
  return { start: v * least + Math.min(v, larger), count: v < larger ? least + 1 : least };
}

/** Samples of the smallest shard of any step that has any: one of an epoch's last global batch, or of the others. */
export function smallestShardRows({ trainSamples, batchSize, shards }: SamplerSpec): number {
  const counts = [Math.min(batchSize, trainSamples), trainSamples % batchSize || batchSize];
  return Math.max(1, Math.min(...counts.map((count) => Math.floor(count / shards))));
}

/**
 * Writes the order of an epoch: the positions 0..trainSamples−1, permuted where the sampler is shuffled; with `classes` as many positions in
 * which each class comes equally often. `out` (trainSamples).
 */
export function epochOrder(s: SamplerSpec, epoch: number, out: Uint32Array, classes?: ClassPositions): void {
  if (classes !== undefined) balancedOrder(s.seed, epoch, classes, out);
  else if (s.isShuffled) permute(out, s.seed, PURPOSE.shuffle, epoch);
  else identity(out);
}

/**
 * The sample ids of one shard of one step, worked out from nothing. The engine keeps an epoch's order instead of making it
 * again for every shard; this is the form that tests and replay compare it with.
 */
export function shardSampleIds(
  s: SamplerSpec,
  trainIds: Uint32Array,
  step: number,
  shard: number,
  classes?: ClassPositions,
): Uint32Array {
  const batch = stepBatch(s, step);
  const range = shardRange(batch.count, s.shards, shard);
  const order = new Uint32Array(s.trainSamples);
  epochOrder(s, batch.epoch, order, classes);
  const start = batch.start + range.start;
  return order.subarray(start, start + range.count).map((position) => trainIds[position]);
}
