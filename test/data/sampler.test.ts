import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  epochOrder,
  type SamplerSpec,
  shardRange,
  shardSampleIds,
  stepBatch,
  stepsPerEpoch,
} from '#src/data/sampler.js';

const samplers = fc.record({
  seed: fc.maxSafeNat(),
  trainSamples: fc.integer({ min: 1, max: 150 }),
  batchSize: fc.integer({ min: 1, max: 200 }),
  shards: fc.integer({ min: 1, max: 20 }),
  isShuffled: fc.boolean(),
});

/** Ids that are no positions: a position mistaken for an id shows. */
const idsOf = (s: SamplerSpec) => Uint32Array.from({ length: s.trainSamples }, (_, i) => 1000 + 3 * i);

describe('shardSampleIds', () => {
  it('gives every sample to exactly one shard of one step of an epoch, for any batch and number of shards', () => {
    fc.assert(
      fc.property(samplers, fc.nat(3), (s, epoch) => {
        const trainIds = idsOf(s);
        const seen: number[] = [];
        for (let i = 0; i < stepsPerEpoch(s); i++) {
          for (let v = 0; v < s.shards; v++) seen.push(...shardSampleIds(s, trainIds, epoch * stepsPerEpoch(s) + i, v));
        }
        expect(seen.sort((a, b) => a - b)).toEqual([...trainIds]);
      }),
    );
  });

  it('agrees with the kept order that the engine cuts', () => {
    fc.assert(
      fc.property(samplers, fc.nat(400), fc.nat(19), (s, step, shard) => {
        const trainIds = idsOf(s);
        const order = new Uint32Array(s.trainSamples);
        const batch = stepBatch(s, step);
        epochOrder(s, batch.epoch, order);
        const range = shardRange(batch.count, s.shards, shard % s.shards);
        const cut = order.subarray(batch.start + range.start, batch.start + range.start + range.count);
        const ids = [...cut].map((position) => trainIds[position]);
        expect([...shardSampleIds(s, trainIds, step, shard % s.shards)]).toEqual(ids);
      }),
    );
  });

  it('is what counting by hand gives: 10 samples, batches of 4, 3 shards, not shuffled', () => {
    const s = { seed: 0, trainSamples: 10, batchSize: 4, shards: 3, isShuffled: false };
    const ids = Uint32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const shards = (step: number) => [0, 1, 2].map((v) => [...shardSampleIds(s, ids, step, v)]);
    expect(shards(0)).toEqual([[0, 1], [2], [3]]);
    expect(shards(1)).toEqual([[4, 5], [6], [7]]);
    expect(shards(2)).toEqual([[8], [9], []]);
    expect(shards(3)).toEqual(shards(0));
  });

  it('shuffles each epoch in another way', () => {
    const s = { seed: 1, trainSamples: 100, batchSize: 100, shards: 1, isShuffled: true };
    const epochs = [0, 1, 2].map((step) => shardSampleIds(s, idsOf(s), step, 0).join());
    expect(new Set(epochs).size).toBe(3);
  });
});

describe('shardRange', () => {
  it('cuts a batch into contiguous runs whose sizes differ by one at most, the larger ones first', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 40 }), (count, shards) => {
        const ranges = Array.from({ length: shards }, (_, v) => shardRange(count, shards, v));
        let end = 0;
        for (const [v, range] of ranges.entries()) {
          expect(range.start).toBe(end);
          expect(range.count).toBe(Math.floor(count / shards) + (v < count % shards ? 1 : 0));
          end += range.count;
        }
        expect(end).toBe(count);
      }),
    );
  });
});
