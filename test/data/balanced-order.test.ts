import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancedOrder, positionsByClass } from '#src/data/balanced-order.js';
import { epochOrder, type SamplerSpec, shardSampleIds, stepsPerEpoch } from '#src/data/sampler.js';

const labelsOf = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 120 });
const seeds = fc.maxSafeNat();
const epochs = fc.integer({ min: 0, max: 1000 });

const orderOf = (seed: number, epoch: number, labels: readonly number[]): number[] => {
  const out = new Uint32Array(labels.length);
  balancedOrder(seed, epoch, positionsByClass(labels), out);
  return [...out];
};

const countsOf = (values: readonly number[]): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

describe('positionsByClass', () => {
  it('has every position once, in the class of its label', () => {
    expect(positionsByClass([2, 0, 2, 5]).map((positions) => [...positions])).toEqual([[1], [0, 2], [3]]);
  });
});

describe('balancedOrder', () => {
  it('gives each class that there is equally many places, to within one', () => {
    fc.assert(
      fc.property(seeds, epochs, labelsOf, (seed, epoch, labels) => {
        const counts = countsOf(orderOf(seed, epoch, labels).map((position) => labels[position]));
        expect(new Set(counts.keys())).toEqual(new Set(labels));
        // A class may have no place only where there are more classes than places, which cannot be.
        expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('repeats no sample of a class before all others of it have come as often', () => {
    fc.assert(
      fc.property(seeds, epochs, labelsOf, (seed, epoch, labels) => {
        const drawn = countsOf(orderOf(seed, epoch, labels));
        for (const positions of positionsByClass(labels)) {
          const times = [...positions].map((position) => drawn.get(position) ?? 0);
          expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('is a pure function of seed and epoch, and another one for each', () => {
    const labels = Array.from({ length: 60 }, (_, i) => (i < 50 ? 0 : 1));
    expect(orderOf(3, 7, labels)).toEqual(orderOf(3, 7, labels));
    expect(orderOf(3, 8, labels)).not.toEqual(orderOf(3, 7, labels));
    expect(orderOf(4, 7, labels)).not.toEqual(orderOf(3, 7, labels));
    // Of the large class other samples are left out.
    const large = (epoch: number) => new Set(orderOf(3, epoch, labels).filter((position) => position < 50));
    expect(large(0).size).toBe(30);
    expect(large(0)).not.toEqual(large(1));
  });

  it('gives the places that are left to another class each epoch', () => {
    const labels = [0, 0, 0, 0, 1, 1, 2];
    const larger = [0, 1, 2].map((epoch) => {
      const counts = countsOf(orderOf(1, epoch, labels).map((position) => labels[position]));
      return [...counts].find(([, count]) => count === 3)![0];
    });
    expect(larger.sort()).toEqual([0, 1, 2]);
  });

  it('is what the sampler cuts into global batches and shards', () => {
    const labels = Array.from({ length: 37 }, (_, i) => (i < 30 ? 0 : 1));
    const classes = positionsByClass(labels);
    const sampler: SamplerSpec = { seed: 5, trainSamples: 37, batchSize: 10, shards: 3, isShuffled: true };
    const trainIds = Uint32Array.from(labels, (_, i) => 100 + i);
    const order = new Uint32Array(37);
    epochOrder(sampler, 2, order, classes);
    expect([...order]).toEqual(orderOf(5, 2, labels));
    const first = 2 * stepsPerEpoch(sampler);
    const ids = [0, 1, 2, 3].flatMap((step) =>
      [0, 1, 2].flatMap((shard) => [...shardSampleIds(sampler, trainIds, first + step, shard, classes)]),
    );
    expect(ids).toEqual([...order].map((position) => 100 + position));
  });
});
