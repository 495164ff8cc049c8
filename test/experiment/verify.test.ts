// `verify` itself: it says "same" of what is the same and of nothing else. Runs differ here because their configs do, not by mocks.
import { describe, expect, it } from 'vitest';
import { type TrainConfig, type VerifiedRun, verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const STEPS = 6;

/** A config whose `key` is another one each time that it is read: every worker count gets another training. */
function changing<Key extends keyof TrainConfig>(key: Key, values: readonly TrainConfig[Key][]): TrainConfig {
  const config = { ...smallConfig() };
  let reads = 0;
  Object.defineProperty(config, key, { enumerable: true, get: () => values[reads++ % values.length] });
  return config;
}

const optimizerOf = (optimizer: Record<string, unknown>) => smallConfig({ optimizer }).optimizer;

describe('verify', () => {
  it('tells every run as it is done, and that they are the same', async () => {
    const told: VerifiedRun[] = [];
    const { isSame, runs } = await verify(smallConfig(), {
      steps: STEPS,
      workerCounts: [2, 1],
      onRun: (run) => told.push(run),
    });
    expect(isSame).toBe(true);
    expect(told).toEqual(runs);
    expect(runs.map(({ workers, steps }) => [workers, steps])).toEqual([
      [2, STEPS],
      [1, STEPS],
    ]);
    expect(runs[0].weightsSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(runs[0].weightsSha256).not.toBe(runs[0].stateSha256);
    expect(runs[1].loss).toBe(runs[0].loss);
  });

  it('is not satisfied where a run differs in its weights', async () => {
    const { isSame, runs } = await verify(changing('seed', [1, 2]), { steps: STEPS, workerCounts: [1, 2] });
    expect(runs[0].weightsSha256).not.toBe(runs[1].weightsSha256);
    expect(isSame).toBe(false);
  });

  it('is not satisfied where only the last run differs', async () => {
    const { isSame, runs } = await verify(changing('seed', [1, 1, 2]), { steps: STEPS, workerCounts: [1, 1, 1] });
    expect(runs[1]).toEqual(runs[0]);
    expect(isSame).toBe(false);
  });

  it('is not satisfied where a run has the same weights and another optimizer state', async () => {
    // A learning rate of 0 leaves the weights as they were; the momentum tells the runs apart.
    const [low, high] = [0.5, 0.9].map((momentum) => optimizerOf({ name: 'sgd', lr: 0, momentum }));
    const { isSame, runs } = await verify(changing('optimizer', [low, high]), { steps: STEPS, workerCounts: [1, 1] });
    expect(runs[1].weightsSha256).toBe(runs[0].weightsSha256);
    expect(runs[1].stateSha256).not.toBe(runs[0].stateSha256);
    expect(isSame).toBe(false);
  });

  it('gives different hashes for configs that differ in anything of the mathematics', async () => {
    const small = { source: 'synthetic', samples: 300, features: 12, classes: 3, validation: 0.1, test: 0.1 };
    const variants: Record<string, Record<string, unknown>> = {
      base: {},
      seed: { seed: 2 },
      shards: { shards: 3 },
      batchSize: { data: { ...small, batchSize: 31 } },
      order: { data: { ...small, batchSize: 32, shuffle: false } },
      validation: { data: { ...small, batchSize: 32, validation: 0.2 } },
      lr: { optimizer: { name: 'adam', lr: 0.02 } },
      optimizer: { optimizer: { name: 'adamw', lr: 0.01 } },
      clip: { clip: { norm: 0.01 } },
      activation: { model: [{ dense: 16, activation: 'tanh' }, { dense: 3 }] },
    };
    const hashes = new Map<string, string>();
    for (const [name, keys] of Object.entries(variants)) {
      const { runs } = await verify(smallConfig(keys), { steps: STEPS, workerCounts: [1] });
      hashes.set(runs[0].stateSha256, `${hashes.get(runs[0].stateSha256) ?? ''} ${name}`);
    }
    expect([...hashes.values()]).toHaveLength(Object.keys(variants).length);
  });

  it('gives other hashes for other steps, and the same again for the same', async () => {
    const hashAfter = async (steps: number): Promise<string> =>
      (await verify(smallConfig(), { steps, workerCounts: [1] })).runs[0].stateSha256;
    const six = await hashAfter(STEPS);
    expect(await hashAfter(STEPS - 1)).not.toBe(six);
    expect(await hashAfter(STEPS)).toBe(six);
  });

  it('does no more steps than the config has', async () => {
    const { runs } = await verify(smallConfig({ epochs: undefined, steps: 3 }), { workerCounts: [1] });
    expect(runs[0].steps).toBe(3);
  });

  it('takes as many workers as it is told, whatever the config says', async () => {
    const { isSame, runs } = await verify(smallConfig({ workers: 1, maxWorkers: 1 }), {
      steps: STEPS,
      workerCounts: [1, 3],
    });
    expect(isSame).toBe(true);
    expect(runs.map(({ workers }) => workers)).toEqual([1, 3]);
  });

  it('throws what a run cannot begin with, and what it fails of', async () => {
    await expect(verify(smallConfig({ model: [{ dense: 2 }] }))).rejects.toMatchObject({ exitCode: 2 });
    const faults = [{ seat: 0, step: 2, kind: 'throw' as const }];
    const strict = smallConfig({ recovery: { maxRestarts: 0 } });
    await expect(verify(strict, { workerCounts: [1], faults })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^worker 0, step 2, SHARDS, shard \d.*; step 2 is the last good state$/),
    });
  });

  it('refuses to verify nothing', async () => {
    await expect(verify(smallConfig(), { workerCounts: [] })).rejects.toThrow(/expected at least one worker count/);
  });

  it('kills workers in the middle of a step, and a whole process that goes on with other workers', {
    timeout: 30_000,
  }, async () => {
    const keys = { clip: { norm: 1 }, workers: 2, recovery: { maxRestarts: 0 }, faults: [{ kind: 'throw', step: 0 }] };
    const { isSame, notProven, runs } = await verify(smallConfig(keys), {
      steps: 9,
      workerCounts: [3, 2],
      kills: true,
    });
    expect(notProven).toEqual([]);
    expect(isSame).toBe(true);
    expect(runs).toHaveLength(4);
    expect(runs[2].lostWorkers).toBeGreaterThanOrEqual(1);
    expect(runs[2].workers).toBe(3);
    expect(runs[3]).toMatchObject({ workers: 3, steps: 9, kill: { workers: 2, step: 4 } });
    expect(runs[3].loss).toBe(runs[0].loss);
  });

  it('finds the run of the killed process different where its training is another one', {
    timeout: 30_000,
  }, async () => {
    // The seed is read by the run with one worker, by the one that loses workers, and by the process that is killed.
    const options = { steps: STEPS, workerCounts: [1], kills: true };
    const { isSame, notProven, runs } = await verify(changing('seed', [1, 1, 2]), options);
    expect(notProven).toEqual([]);
    expect(runs[1].stateSha256).toBe(runs[0].stateSha256);
    expect(runs[2].stateSha256).not.toBe(runs[0].stateSha256);
    expect(isSame).toBe(false);
  });

  it('finds the run that lost workers different where its training is another one', { timeout: 30_000 }, async () => {
    const options = { steps: STEPS, workerCounts: [1], kills: true };
    const { isSame, runs } = await verify(changing('seed', [1, 2, 1]), options);
    expect(runs[1].stateSha256).not.toBe(runs[0].stateSha256);
    expect(runs[2].stateSha256).toBe(runs[0].stateSha256);
    expect(isSame).toBe(false);
  });

  it('kills what ends after one step, or before its length, as well', { timeout: 30_000 }, async () => {
    const config = smallConfig({ until: { loss: 1000 } });
    const { isSame, notProven, runs } = await verify(config, { workerCounts: [1], kills: true });
    expect({ isSame, notProven }).toEqual({ isSame: true, notProven: [] });
    expect(runs.map(({ steps }) => steps)).toEqual([1, 1, 1]);
    expect(runs[2].kill).toEqual({ workers: 2, step: 0 });
  });

  it('tells why the process failed that was to be killed', async () => {
    // Read once by each of the first two runs; the process gets a memory that it cannot do with.
    const config = changing('memory', ['auto', 'auto', 1]);
    await expect(verify(config, { workerCounts: [1], kills: true })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(
        /^verify: expected a process that trains until it is killed, got exit code 2: .*memory/s,
      ),
    });
  });
});
