import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openDataset } from '#src/data/dataset.js';
import { foldConfig } from '#src/experiment/fold-runs.js';
import { hashOfHashes } from '#src/experiment/fold-summary.js';
import { resume, type Summary, type TrainConfig, type TrainEvent, train, verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

let runsDir: string;
beforeEach(() => {
  runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-folds-')), 'runs');
});

const DATA = { source: 'synthetic', samples: 120, features: 12, classes: 3, batchSize: 32, split: 'stratified' };
const foldsConfig = (keys: Record<string, unknown> = {}, data: Record<string, unknown> = {}): TrainConfig =>
  smallConfig({ data: { ...DATA, folds: 3, ...data }, ...keys });

async function trainWithEvents(config: TrainConfig, options = {}) {
  const events: TrainEvent[] = [];
  const onEvent = (event: { type: string }): void => {
    if (event.type !== 'progress') events.push(event as TrainEvent);
  };
  return { ...(await train(config, { runsDir, onEvent, ...options })), events };
}

const summaryOf = (folder: string): Summary => JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));

/** The figures of a summary that decide nothing but are the same in every run of a config. */
const bitsOf = ({
  folds,
  mean,
  deviation,
  weightsSha256,
  stateSha256,
  testLoss,
  testAccuracy,
  configSha256,
}: Summary) => ({ folds, mean, deviation, weightsSha256, stateSha256, testLoss, testAccuracy, configSha256 });

describe('a run of folds', () => {
  test('is one folder with a whole run a fold in it, and a summary of means, deviations and hashes', async () => {
    const { summary, runFolder, events } = await trainWithEvents(foldsConfig());
    expect(readdirSync(runFolder).sort()).toEqual(['config.yaml', 'fold-1', 'fold-2', 'fold-3', 'summary.json']);
    expect(readlinkSync(join(runsDir, 'latest'))).toBe('small');
    expect(summaryOf(runFolder)).toEqual(summary);
    const folds = [1, 2, 3].map((fold) => summaryOf(join(runFolder, `fold-${fold}`)));
    const losses = folds.map(({ testLoss }) => testLoss!);
    const mean = (losses[0] + losses[1] + losses[2]) / 3;
    expect(summary.mean!.testLoss).toBeCloseTo(mean, 12);
    expect(summary.testLoss).toBe(summary.mean!.testLoss);
    const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
    expect(summary.deviation!.testLoss).toBeCloseTo(Math.sqrt(squares / 2), 12);
    expect(new Set(folds.map(({ weightsSha256 }) => weightsSha256)).size).toBe(3);
    expect(summary.folds!.map(({ weightsSha256 }) => weightsSha256)).toEqual(folds.map((fold) => fold.weightsSha256));
    expect(summary.weightsSha256).toBe(hashOfHashes(folds.map((fold) => fold.weightsSha256)));
    expect(summary.steps).toBe(folds.reduce((sum, { steps }) => sum + steps, 0));
    const order = events.map(({ type }) => type).filter((type) => /^(fold|foldEnd|start|end)$/.test(type));
    expect(order).toEqual([...[1, 2, 3].flatMap(() => ['fold', 'start', 'foldEnd']), 'end']);
  });

  test('has a fold whose bits are those of a run of that fold alone', async () => {
    const { summary } = await trainWithEvents(foldsConfig());
    const alone = await trainWithEvents(foldConfig(foldsConfig(), 2));
    expect(alone.summary.folds).toBeUndefined();
    expect(alone.summary.weightsSha256).toBe(summary.folds![1].weightsSha256);
    expect(alone.summary.testLoss).toBe(summary.folds![1].testLoss);
  });

  test('has the same bits with 1, 2 and 3 workers', async () => {
    const runs = [];
    for (const workers of [1, 2, 3]) runs.push((await trainWithEvents(foldsConfig({ workers }))).summary);
    expect(runs.map(bitsOf)).toEqual(new Array(3).fill(bitsOf(runs[0])));
    const { isSame } = await verify(foldsConfig(), { steps: 5, workerCounts: [1, 2, 3] });
    expect(isSame).toBe(true);
  });

  test('fits what is fitted on the training part of each fold alone', () => {
    const means = [1, 2, 3].map((fold) => {
      const options = { source: 'diabetes', standardize: true, folds: 3, fold } as const;
      const { data } = smallConfig({ data: options, loss: 'mse', model: [{ dense: 1 }] });
      const { parts, preprocessing, spec, fill } = openDataset(data, 1, '.');
      const inputs = new Float32Array(spec.samples * 10);
      fill(inputs, new Float32Array(spec.samples));
      // Standardised on the training part, so of its mean 0 and of no other's.
      const meanOf = (ids: Uint32Array) => ids.reduce((sum, id) => sum + inputs[id * 10], 0) / ids.length;
      expect(Math.abs(meanOf(parts.train))).toBeLessThan(1e-6);
      expect(Math.abs(meanOf(parts.test))).toBeGreaterThan(1e-4);
      return (preprocessing as { inputs: { mean: number }[] }).inputs[0].mean;
    });
    expect(new Set(means).size).toBe(3);
  });

  test('warns in the fold in which a class is not trained on', async () => {
    // Each island is a fold; Chinstraps live on Dream alone and Gentoos on Biscoe alone, Adelies on all three.
    const config = smallConfig({
      data: { source: 'penguins', missing: 'drop', folds: 3, split: 'group', splitBy: 'island' },
      epochs: 1,
    });
    const { events } = await trainWithEvents(config);
    let fold = 0;
    const missing = events.flatMap((event) => {
      if (event.type === 'fold') fold = event.fold;
      if (event.type !== 'notice') return [];
      const [, name] = /no sample of class "(\w+)" to train on/.exec(event.message) ?? [];
      return name === undefined ? [] : [{ fold, name }];
    });
    expect(missing.map(({ name }) => name).sort()).toEqual(['Chinstrap', 'Gentoo']);
    expect(new Set(missing.map((one) => one.fold)).size).toBe(2);
  });
});

describe('a run of folds that was interrupted', () => {
  /** Stops after `step` steps of fold `fold`. */
  async function stopIn(fold: number, step: number, config: TrainConfig) {
    const stop = new AbortController();
    let at = 0;
    const onEvent = (event: TrainEvent | { type: 'progress' }): void => {
      if (event.type === 'fold') at = event.fold;
      if (event.type === 'epoch' && at === fold && event.step >= step) stop.abort();
    };
    return await train(config, { runsDir, onEvent, signal: stop.signal });
  }

  test('goes on with the fold that it was in, and ends with the same bits and figures', async () => {
    const whole = await trainWithEvents(foldsConfig({ name: 'whole', epochs: 4 }));
    const { summary, runFolder } = await stopIn(2, 3, foldsConfig({ epochs: 4 }));
    expect(summary.status).toBe('stopped');
    expect(summary.mean).toBeUndefined();
    expect(summary.weightsSha256).toBeNull();
    expect(summary.folds!.map(({ status }) => status)).toEqual(['done', 'stopped']);
    expect(existsSync(join(runFolder, 'fold-3'))).toBe(false);

    const resumed = await resume(runFolder, { overrides: [] });
    if (resumed.isFinished) throw new Error('it was not finished');
    expect(resumed.summary.status).toBe('done');
    expect(bitsOf(resumed.summary)).toEqual(bitsOf(whole.summary));
    expect(summaryOf(join(runFolder, 'fold-2')).resumes).toHaveLength(1);
    expect(summaryOf(join(runFolder, 'fold-1')).resumes).toBeUndefined();
    expect((await resume(runFolder)).isFinished).toBe(true);
  });

  test('goes on where the process was killed between two folds, and before the summary', async () => {
    const { summary, runFolder } = await trainWithEvents(foldsConfig());
    rmSync(join(runFolder, 'summary.json'));
    rmSync(join(runFolder, 'fold-3'), { recursive: true });
    const resumed = await resume(join(runsDir, 'latest'), { overrides: ['workers=1'] });
    if (resumed.isFinished) throw new Error('it was not finished');
    expect(resumed.runFolder).toBe(runFolder);
    expect(bitsOf(resumed.summary)).toEqual(bitsOf(summary));
  });

  test('trains all folds on where the length is raised', async () => {
    const longer = await trainWithEvents(foldsConfig({ name: 'longer', epochs: 5 }));
    const { runFolder } = await trainWithEvents(foldsConfig({ epochs: 3 }));
    const resumed = await resume(runFolder, { overrides: ['epochs=5'] });
    if (resumed.isFinished) throw new Error('it was not finished');
    expect(bitsOf(resumed.summary)).toEqual(bitsOf(longer.summary));
    expect(readFileSync(join(runFolder, 'config.yaml'), 'utf8')).toContain('epochs: 5');
  });

  test('is refused with other folds or other bits, and nothing is changed', async () => {
    const { runFolder } = await stopIn(2, 3, foldsConfig({ epochs: 4 }));
    const before = readFileSync(join(runFolder, 'summary.json'), 'utf8');
    await expect(resume(runFolder, { overrides: ['data.folds=4'] })).rejects.toThrow('expected the 3 folds');
    await expect(resume(runFolder, { overrides: ['optimizer.lr=0.5'] })).rejects.toThrow('optimizer.lr');
    expect(readFileSync(join(runFolder, 'summary.json'), 'utf8')).toBe(before);
    expect(readFileSync(join(runFolder, 'config.yaml'), 'utf8')).not.toContain('lr: 0.5');
  });
});

describe('the memory of folds', () => {
  test('is that of one at a time', async () => {
    // 64 MiB of samples a fold; measured where a fold begins, when those before it are gone.
    const data = { source: 'synthetic', samples: 80_000, features: 200, outputs: 1, batchSize: 'full', folds: 5 };
    const config = smallConfig({ data, model: [{ dense: 1 }], loss: 'mse', epochs: undefined, steps: 1 });
    const resident: number[] = [];
    const onEvent = ({ type }: { type: string }): void => {
      if (type === 'start') resident.push(process.memoryUsage().rss / 2 ** 20);
    };
    await train(config, { runsDir, onEvent });
    // Two of them would be 64 MiB more.
    expect(resident[4] - resident[1]).toBeLessThan(50);
  }, 60_000);
});

describe('a run of folds that cannot begin', () => {
  test('leaves nothing behind', async () => {
    const config = foldsConfig({ model: [{ dense: 2 }] });
    await expect(train(config, { runsDir })).rejects.toThrow('model');
    expect(existsSync(runsDir)).toBe(false);
  });
});
