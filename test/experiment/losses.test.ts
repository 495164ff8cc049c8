// Runs with each loss: the same bits for every worker count, and steps whose labels are all ignored.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataset } from '#src/data/dataset.js';
import type { EpochEvent } from '#src/experiment/events.js';
import { train, verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const data = (kind: object) => ({ source: 'synthetic', samples: 120, features: 6, batchSize: 31, ...kind });
const options = { labelSmoothing: 0.1, classWeights: [1, 2, 0.5], ignoreIndex: 1 };

describe('a run', () => {
  test.each([
    ['crossEntropy with all options', { name: 'crossEntropy', ...options }, { classes: 3 }, 3],
    ['nll', { name: 'nll', classWeights: [1, 2, 0.5] }, { classes: 3 }, 3],
    ['bceWithLogits', { name: 'bceWithLogits', posWeight: 2 }, { classes: 2 }, 1],
    ['l1', 'l1', { outputs: 3 }, 3],
    ['huber', { name: 'huber', delta: 0.5 }, { outputs: 3 }, 3],
    ['smoothL1', 'smoothL1', { outputs: 2 }, 2],
  ])('with %s lowers it, with the same bits for 1, 2 and 3 workers', async (_title, loss, kind, units) => {
    const config = smallConfig({
      data: data(kind),
      loss,
      // Log-probabilities are at most 0, which nothing here makes of the outputs of nll: the loss falls without end.
      model: [{ dense: 9, activation: 'tanh' }, { dense: units }],
      microBatch: 3,
      epochs: undefined,
      steps: 12,
    });
    const { isSame, runs } = await verify(config, { steps: 12, workerCounts: [1, 2, 3] });
    expect(isSame, JSON.stringify(runs)).toBe(true);
    const losses: number[] = [];
    const onEvent = (event: { type: string }): void => {
      if (event.type === 'epoch') losses.push((event as EpochEvent).trainLoss);
    };
    await train(config, { runsDir: mkdtempSync(join(tmpdir(), 'lockstep-losses-')), onEvent });
    expect(losses.at(-1)).toBeLessThan(losses[0]);
  });

  test('skips the steps whose labels are all ignored, and counts them', async () => {
    const config = smallConfig({
      data: { source: 'synthetic', samples: 40, features: 6, classes: 4, batchSize: 1 },
      model: [{ dense: 4 }],
      loss: { name: 'crossEntropy', ignoreIndex: 2 },
      epochs: 2,
    });
    const { spec, fill } = openDataset(config.data, config.seed, '.');
    const labels = new Float32Array(spec.samples);
    fill(new Float32Array(spec.samples * 6), labels);
    const ignored = labels.filter((label) => label === 2).length;
    expect(ignored).toBe(10);
    const { summary } = await train(config, { runsDir: mkdtempSync(join(tmpdir(), 'lockstep-losses-')) });
    expect(summary).toMatchObject({ status: 'done', steps: 80, skippedSteps: 2 * ignored });
    expect(Number.isFinite(summary.trainLoss)).toBe(true);
  });
});
