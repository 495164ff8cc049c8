// The promise: the bits do not depend on who computes. The oracle is the one-worker run of the same config.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const WORKER_COUNTS = [1, 2, 3, 5, 8];

describe('the same config gives the same bits', () => {
  test('for any shards, global batch, number of samples and optimizer, with 1 to 8 workers', {
    timeout: 180_000,
  }, async () => {
    const random = fc.record({
      shards: fc.integer({ min: 1, max: 11 }),
      samples: fc.integer({ min: 20, max: 200 }),
      batchSize: fc.integer({ min: 1, max: 60 }),
      microBatch: fc.constantFrom('auto', 1, 3),
      optimizer: fc.constantFrom(
        { name: 'sgd', lr: 0.1 },
        { name: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
        { name: 'adam' },
        { name: 'adamw', lr: 0.01 },
      ),
      clip: fc.constantFrom(undefined, { norm: 0.1 }, { norm: 100 }),
      isRegression: fc.boolean(),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(
        random,
        async ({ shards, samples, batchSize, microBatch, optimizer, clip, isRegression, seed }) => {
          const kind = isRegression ? { outputs: 2 } : { classes: 4 };
          const config = smallConfig({
            seed,
            shards,
            microBatch,
            optimizer,
            clip,
            data: { source: 'synthetic', samples, features: 7, ...kind, batchSize },
            model: [{ dense: 9, activation: 'tanh' }, { dense: isRegression ? 2 : 4 }],
            loss: isRegression ? 'mse' : 'crossEntropy',
            epochs: undefined,
            steps: 12,
          });
          const { isSame, runs } = await verify(config, { steps: 12, workerCounts: WORKER_COUNTS });
          expect(isSame, JSON.stringify(runs)).toBe(true);
          expect(runs.map(({ steps }) => steps)).toEqual(WORKER_COUNTS.map(() => 12));
        },
      ),
      { numRuns: 8 },
    );
  });

  test.each([
    { name: 'adam', amsgrad: true },
    { name: 'nadam' },
    { name: 'radam' },
    { name: 'rmsprop', centered: true, momentum: 0.9 },
    { name: 'adagrad', initialAccumulator: 0.1, lrDecay: 0.01 },
    { name: 'lamb' },
    { name: 'lion', lrReferenceBatch: 64 },
  ])(
    'with $name, groups, clipping by value, averaging, warm-up and a cosine, with 1 to 3 workers',
    async (optimizer) => {
      const groups = [
        { match: 'dense1.bias', frozen: true },
        { match: '*.bias', weightDecay: 0, lrScale: 2 },
      ];
      const keys = {
        optimizer: { ...optimizer, weightDecay: 0.01, groups },
        clip: { value: 0.05, norm: 0.5 },
        averaging: { ema: 0.9 },
        schedule: { name: 'cosine', warmupSteps: 5 },
      };
      const { isSame, runs } = await verify(smallConfig(keys), { workerCounts: [1, 2, 3] });
      expect(isSame, JSON.stringify(runs)).toBe(true);
      // Each key decides bits: without it the hash is another one.
      const changed = [{ clip: undefined }, { averaging: { ema: 0.8 } }, { schedule: undefined }, { optimizer }];
      for (const change of changed) {
        const other = await verify(smallConfig({ ...keys, ...change }), { workerCounts: [2] });
        expect(other.runs[0].stateSha256, JSON.stringify(change)).not.toBe(runs[0].stateSha256);
      }
    },
  );

  test('with one worker slowed', async () => {
    const config = smallConfig();
    const even = await verify(config, { workerCounts: [1, 3] });
    const uneven = await verify(config, { workerCounts: [3], faults: [{ seat: 1, step: 0, kind: 'slow', ms: 3 }] });
    expect(uneven.runs[0].stateSha256).toBe(even.runs[0].stateSha256);
  });

  test('and another seed, or another number of shards, gives others', async () => {
    const hashOf = async (keys: Record<string, unknown>): Promise<string> =>
      (await verify(smallConfig(keys), { workerCounts: [2] })).runs[0].weightsSha256;
    const hashes = await Promise.all([hashOf({}), hashOf({ seed: 2 }), hashOf({ shards: 5 })]);
    expect(new Set(hashes).size).toBe(3);
  });
});
