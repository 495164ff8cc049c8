import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planParallelism } from '#src/experiment/parallelism.js';

/** The oracle: shards are dealt out one by one, each turn to every worker once; a step is as long as its longest worker. */
function dealShards(shards: number, workers: number): number[] {
  const held = new Array<number>(workers).fill(0);
  for (let shard = 0; shard < shards; shard++) held[shard % workers]++;
  return held;
}

const counts = { shards: fc.integer({ min: 1, max: 64 }), workers: fc.integer({ min: 1, max: 64 }) };

describe('planParallelism', () => {
  it('gives the ceiling and the idle workers that dealing out the shards gives', () => {
    fc.assert(
      fc.property(counts.shards, counts.workers, (shards, workers) => {
        const held = dealShards(shards, workers);
        const { ceiling, efficiencyCeiling, idleWorkers } = planParallelism(shards, workers, 4096);
        expect(ceiling).toBeCloseTo(shards / Math.max(...held), 12);
        expect(efficiencyCeiling).toBeCloseTo(shards / (workers * Math.max(...held)), 12);
        expect(idleWorkers).toBe(held.filter((count) => count === 0).length);
      }),
    );
  });

  it('offers, below 0.9 only, shards that keep all workers busy and are no more than the samples of a step', () => {
    fc.assert(
      fc.property(counts.shards, counts.workers, fc.integer({ min: 1, max: 100 }), (shards, workers, batchSize) => {
        const { efficiencyCeiling, betterShards } = planParallelism(shards, workers, batchSize);
        if (betterShards === null) return;
        expect(efficiencyCeiling).toBeLessThan(0.9);
        expect(planParallelism(betterShards, workers, batchSize).efficiencyCeiling).toBe(1);
        expect(betterShards).toBeLessThanOrEqual(batchSize);
        expect(betterShards - shards).toBeLessThan(workers);
      }),
    );
  });

  it.each([
    [8, 2, 512, { ceiling: 2, efficiencyCeiling: 1, idleWorkers: 0, betterShards: null }],
    [8, 3, 512, { ceiling: 8 / 3, efficiencyCeiling: 8 / 9, idleWorkers: 0, betterShards: 9 }],
    [8, 12, 512, { ceiling: 8, efficiencyCeiling: 8 / 12, idleWorkers: 4, betterShards: 12 }],
    [8, 12, 8, { ceiling: 8, efficiencyCeiling: 8 / 12, idleWorkers: 4, betterShards: null }],
  ])('%i shards, %i workers, %i samples', (shards, workers, batchSize, expected) => {
    expect(planParallelism(shards, workers, batchSize)).toEqual(expected);
  });
});
