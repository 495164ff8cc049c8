import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { weightsSha256 } from '#src/checkpoint/state-hash.js';
import { type EpochEvent, type Summary, type TrainEvent, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

let runsDir: string;
beforeEach(() => {
  runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-train-')), 'runs');
});

async function trainWithEvents(
  keys: Record<string, unknown> = {},
  options = {},
): Promise<{ summary: Summary; runFolder: string; events: TrainEvent[] }> {
  const events: TrainEvent[] = [];
  const onEvent = (event: { type: string }): void => {
    if (event.type !== 'progress') events.push(event as TrainEvent);
  };
  const result = await train(smallConfig(keys), { runsDir, onEvent, ...options });
  return { ...result, events };
}

const epochsOf = (events: TrainEvent[]): EpochEvent[] => events.filter((event) => event.type === 'epoch');

describe('train', () => {
  test('learns, and leaves a run folder whose parts agree with each other', async () => {
    const { summary, runFolder, events } = await trainWithEvents({ epochs: 20 });
    expect(summary.status).toBe('done');
    expect(summary.testAccuracy).toBeGreaterThan(0.8); // chance is 1/3
    expect(readdirSync(runFolder).sort()).toEqual([
      'checkpoints',
      'config.yaml',
      'environment.json',
      'ledger.jsonl',
      'metrics.jsonl',
      'preprocessing.json',
      'results.csv',
      'summary.json',
      'weights',
    ]);
    expect(readlinkSync(join(runsDir, 'latest'))).toBe('small');
    expect(JSON.parse(readFileSync(join(runFolder, 'summary.json'), 'utf8'))).toEqual(summary);

    const { tensors } = readSafetensorsFile(join(runFolder, 'weights', 'last.safetensors'));
    expect([...tensors.keys()]).toEqual(['dense1.bias', 'dense1.weight', 'dense2.bias', 'dense2.weight']);
    const named = [...tensors.values()].map((tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      values: float32Values(tensor),
    }));
    expect(weightsSha256(named)).toBe(summary.weightsSha256);

    expect(readFileSync(join(runFolder, 'results.csv'), 'utf8').trim().split('\n')).toHaveLength(21);
    const rows = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.reduce((sum, { steps }) => sum + steps, 0)).toBe(summary.steps);
    expect(events[0].type).toBe('start');
    expect(events.at(-1)?.type).toBe('end');
  });

  test('shows every sample exactly once an epoch, the last partial global batch included', async () => {
    // 300 samples: 30 test, 30 validation, 240 to train; batches of 32 are 7 full ones and one of 16.
    const { summary, events } = await trainWithEvents();
    expect(summary.steps).toBe(24);
    expect(summary.samplesSeen).toBe(720);
    expect(epochsOf(events).map(({ step }) => step)).toEqual([8, 16, 24]);
  });

  test('keeps the best epoch by validation, and gives its test figures', async () => {
    const { summary, runFolder, events } = await trainWithEvents({ epochs: 6 });
    const best = epochsOf(events)
      .filter(({ isBest }) => isBest)
      .at(-1);
    expect(summary.best?.epoch).toBe(best?.epoch);
    expect(summary.best?.validationLoss).toBe(best?.validationLoss);
    expect(summary.best?.testLoss).toBeTypeOf('number');
    expect(existsSync(join(runFolder, 'weights', 'best.safetensors'))).toBe(true);
  });

  test('without a validation part there is no best, and an epoch still has its row', async () => {
    const data = { source: 'synthetic', samples: 100, features: 5, outputs: 1, batchSize: 'full' };
    const { summary, events } = await trainWithEvents({
      data,
      loss: 'mse',
      model: [{ dense: 1 }],
      epochs: 400,
      optimizer: { name: 'sgd', lr: 0.1 },
    });
    expect(summary.best).toBeUndefined();
    expect(summary.testAccuracy).toBeNull();
    const epochs = epochsOf(events);
    expect(epochs).toHaveLength(400);
    expect(epochs[399].trainLoss).toBeLessThan(epochs[0].trainLoss / 2);
  });

  test('`steps` may end in the middle of an epoch', async () => {
    const { summary, events } = await trainWithEvents({ epochs: undefined, steps: 11 });
    expect(summary).toMatchObject({ steps: 11, epochs: 1, samplesSeen: 240 + 3 * 32 });
    expect(epochsOf(events).map(({ step }) => step)).toEqual([8, 11]);
  });

  test('the phases sum to the step within 2 %', async () => {
    // One stretch of steps, so that what a worker does after the last one weighs nothing.
    const data = { source: 'synthetic', samples: 2000, features: 200, classes: 3, batchSize: 500 };
    const { events } = await trainWithEvents({ data, model: [{ dense: 100 }, { dense: 3 }], epochs: 100 });
    let stepMs = 0;
    let phasesMs = 0;
    for (const event of events) {
      if (event.type !== 'step') continue;
      stepMs += event.steps * event.stepMs;
      phasesMs += event.steps * Object.values(event.phases).reduce((sum, ms) => sum + ms, 0);
    }
    expect(Math.abs(phasesMs - stepMs)).toBeLessThan(0.02 * stepMs + 2);
  });

  test('an abort ends the run after the step under way, with status stopped', async () => {
    const controller = new AbortController();
    const onEvent = ({ type }: { type: string }): void => {
      if (type === 'step') controller.abort();
    };
    const { summary } = await train(smallConfig({ epochs: 100_000 }), { runsDir, signal: controller.signal, onEvent });
    expect(summary.status).toBe('stopped');
    expect(summary.steps).toBeGreaterThan(0);
    expect(summary.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('train fails clearly', () => {
  test('where the loss is no number: the last good weights are kept', async () => {
    const failing = train(smallConfig({ optimizer: { name: 'sgd', lr: 1e30 }, epochs: 50 }), { runsDir });
    await expect(failing).rejects.toThrow(
      /^step 1, shard 0, dense2: expected finite numbers, got (NaN|-?Infinity) in dense2 \(rows,16\)·\(16,3\) \+bias for samples \d+, .*; lower optimizer\.lr/,
    );
    const summary = JSON.parse(readFileSync(join(runsDir, 'small', 'summary.json'), 'utf8'));
    expect(summary).toMatchObject({ status: 'failed' });
    expect(summary.error).toMatch(/finite/);
  });

  test.each([undefined, { norm: 1e30 }])(
    'where an update is too large, clip %j: the weights before it are kept',
    async (clip) => {
      const file = join(runsDir, '..', 'steep.csv');
      writeFileSync(file, `a,y\n${Array.from({ length: 16 }, (_, i) => `${i},${1000 * i}`).join('\n')}\n`);
      const data = { source: 'csv', file, target: 'y', task: 'regression', batchSize: 16 };
      const keys = { data, model: [{ dense: 1 }], loss: 'mse', clip, epochs: 3 };
      const failing = train(smallConfig({ ...keys, optimizer: { name: 'sgd', lr: 3e38 } }), { runsDir });
      await expect(failing).rejects.toThrow(
        /^step 0, dense1: expected finite weights, got -?Infinity in dense1\.weight by its update; lower optimizer\.lr, or raise optimizer\.eps where that is 0$/,
      );
      const { summary } = await train(smallConfig({ ...keys, optimizer: { name: 'sgd', lr: 0 } }), { runsDir });
      expect(summary.status).toBe('done');
      // A weight and a bias stand at the end.
      const weightsOf = (run: string) => readFileSync(join(runsDir, run, 'weights', 'last.safetensors')).subarray(-8);
      expect(weightsOf('small')).toEqual(weightsOf('small-2'));
    },
  );

  test('where one sample is too large: step, shard, layer and the sample are named', async () => {
    const file = join(runsDir, '..', 'large.csv');
    // Row 5 squares to infinity in the gradient of the weights; it is alone in its shard.
    const rows = Array.from({ length: 16 }, (_, i) => (i === 5 ? '3e38,-2e38,1' : `${i},${-i},${i % 3}`));
    writeFileSync(file, `a,b,y\n${rows.join('\n')}\n`);
    const data = { source: 'csv', file, target: 'y', task: 'regression', batchSize: 16 };
    const failing = train(smallConfig({ data, shards: 16, model: [{ dense: 1 }], loss: 'mse', epochs: 3 }), {
      runsDir,
    });
    await expect(failing).rejects.toThrow(
      /^step 0, shard \d+, dense1: expected finite numbers, got -?Infinity in dense1 .* for sample 5; lower optimizer\.lr/,
    );
  });

  // A fault is due from step 3 on, with the next shard of the worker. Until the loss is seen the other one goes on: it may commit the step.
  test.each([
    [
      'throw',
      /^worker 1, step ([3-9]|\d\d+), SHARDS, shard \d.*a fault was asked for; 1 worker lost .*; step \d+ is the last good state/,
    ],
    ['exit', /^worker 1, step ([3-9]|\d\d+), .*; step \d+ is the last good state/],
  ] as const)('where a worker too many does %s: one error names worker, step, phase, shard', async (kind, message) => {
    const failing = train(smallConfig({ recovery: { maxRestarts: 0 } }), {
      runsDir,
      faults: [
        { seat: 1, step: 3, kind },
        { seat: 0, step: 0, kind: 'slow', ms: 2 },
      ],
    });
    await expect(failing).rejects.toThrow(message);
    expect(JSON.parse(readFileSync(join(runsDir, 'small', 'summary.json'), 'utf8')).status).toBe('failed');
  });

  test.each([
    ['bceWithLogits', -0.5, 'from 0 to 1 for bceWithLogits, got -0.5'],
    ['bceWithLogits', 1.5, 'from 0 to 1 for bceWithLogits, got 1.5'],
    ['kl', -0.25, 'of 0 or more, as probabilities are, for kl, got -0.25'],
  ])('where %s is given a target %d: before anything is written', async (loss, bad, message) => {
    const file = join(runsDir, '..', 'range.csv');
    writeFileSync(file, `a,y\n${[0, 1, 0.5, bad, 1, 0].map((y, i) => `${i},${y}`).join('\n')}\n`);
    const data = { source: 'csv', file, target: 'y', task: 'regression', batchSize: 4 };
    const failing = train(smallConfig({ data, model: [{ dense: 1 }], loss }), { runsDir });
    const error = `loss: expected targets ${message} in sample 3; scale them, or set loss: mse`;
    await expect(failing).rejects.toMatchObject({ exitCode: 2, message: error });
    expect(existsSync(runsDir)).toBe(false);
  });

  test('before anything is written, where the run cannot begin', async () => {
    const config = smallConfig({ model: [{ dense: 2 }] }); // three classes
    await expect(train(config, { runsDir })).rejects.toMatchObject({ exitCode: 2 });
    expect(existsSync(runsDir)).toBe(false);
  });

  test('where it needs more than 4 GiB: the table and what would fit', async () => {
    const config = smallConfig({ model: [{ dense: 30_000 }, { dense: 30_000 }, { dense: 3 }] });
    await expect(train(config, { runsDir })).rejects.toThrow(
      /memory: expected at most 4096 MiB .* would fit|use a smaller model/,
    );
    expect(existsSync(runsDir)).toBe(false);
  });
});
