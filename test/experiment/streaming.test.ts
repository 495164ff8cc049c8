// Runs over data that is streamed: the bits of the same samples in memory, whatever the workers, the prefetch, a break or a lost thread.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateShards } from '#src/data/generate.js';
import { createPool } from '#src/engine/pool.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { openSession } from '#src/experiment/session.js';
import { resume, type TrainConfig, type TrainEvent, train, verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const root = mkdtempSync(join(tmpdir(), 'lockstep-streaming-'));
const dir = join(root, 'set');
const SAMPLES = 1200;
const MADE = { features: 12, classes: 3, noise: 0.1, seed: 1 } as const;

beforeAll(() => {
  generateShards(dir, { ...MADE, bytes: SAMPLES * (12 * 4 + 1), storage: 'f32' });
});
afterAll(() => rmSync(root, { recursive: true }));

const MODEL = [{ dense: 16, activation: 'relu' }, { dropout: 0.2 }, { dense: 3 }];
const data = (keys: Record<string, unknown> = {}) => ({
  source: 'shards',
  dir,
  batchSize: 32,
  block: 16,
  window: 8,
  ...keys,
});

function streamed(keys: Record<string, unknown> = {}, more: Record<string, unknown> = {}): TrainConfig {
  return smallConfig({ data: data(keys), model: MODEL, epochs: 2, ...more });
}

const hashOf = async (config: TrainConfig, steps = 60): Promise<string> =>
  (await verify(config, { steps, workerCounts: [2] })).runs[0].stateSha256;

/** A copy of the set that a test may damage. */
function copyOfSet(): string {
  const copy = mkdtempSync(join(root, 'copy-'));
  for (const name of readdirSync(dir)) copyFileSync(join(dir, name), join(copy, name));
  return copy;
}

describe('a streamed run', () => {
  it('has the bits of the same samples in memory, where the order is that of the files', async () => {
    const inMemory = { source: 'synthetic', samples: SAMPLES, features: 12, classes: 3, batchSize: 32, shuffle: false };
    const expected = await hashOf(smallConfig({ data: inMemory, model: MODEL, epochs: 2 }));
    expect(await hashOf(streamed({ shuffle: false }))).toBe(expected);
    expect(await hashOf(streamed())).not.toBe(expected);
  });

  it('has the same bits with 1, 2, 3 and 5 workers, a second time, and with other prefetch', async () => {
    const { isSame, runs } = await verify(streamed({ validation: 0.1 }), { steps: 60, workerCounts: [1, 2, 3, 5] });
    expect(isSame).toBe(true);
    const again = await Promise.all([1, 3].map((prefetch) => hashOf(streamed({ validation: 0.1, prefetch }))));
    expect(again).toEqual([runs[0].stateSha256, runs[0].stateSha256]);
    expect(await hashOf(streamed({ validation: 0.1, window: 9 }))).not.toBe(runs[0].stateSha256);
  });

  it('goes on in the middle of an epoch, on another number of workers, with the bits of a run without a break', async () => {
    const config = streamed({ validation: 0.1, test: 0.1 }, { logging: { everySteps: 1 }, epochs: 3 });
    const whole = await train(config, { runsDir: join(root, 'runs') });
    const controller = new AbortController();
    const onEvent = (event: { type: string; step?: number }): void => {
      if (event.type === 'step' && event.step! >= 40) controller.abort();
    };
    const slow = [0, 1].map((worker) => ({ kind: 'slow' as const, seat: worker, step: 0, ms: 2 }));
    const stopped = await train(config, {
      runsDir: join(root, 'runs'),
      signal: controller.signal,
      onEvent,
      faults: slow,
    });
    expect(stopped.summary.status).toBe('stopped');
    const goneOn = await resume(stopped.runFolder, { overrides: ['workers=3', 'data.prefetch=2'] });
    if (goneOn.isFinished) throw new Error('expected a run to go on with');
    expect(goneOn.summary.stateSha256).toBe(whole.summary.stateSha256);
    expect(goneOn.summary.testLoss).toBe(whole.summary.testLoss);
    expect(goneOn.summary.best).toEqual(whole.summary.best);
  });

  it('tells what workers waited for samples', async () => {
    const { runFolder, summary } = await train(streamed(), { runsDir: join(root, 'waited') });
    const rows = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const waits = rows.map((row) => JSON.parse(row)).filter(({ type }) => type === undefined);
    expect(waits.length).toBeGreaterThan(0);
    for (const { sampleWaitUs, phases } of waits) {
      expect(sampleWaitUs).toBeGreaterThanOrEqual(0);
      expect(sampleWaitUs / 1000).toBeLessThanOrEqual(phases.wait + 1);
    }
    expect(summary.sampleWait!.usPerStep).toBeGreaterThanOrEqual(0);
    expect(summary.sampleWait!.share).toBeLessThan(1);
    const inMemory = await train(smallConfig(), { runsDir: join(root, 'waited') });
    expect(inMemory.summary.sampleWait).toBeUndefined();
  });

  it('bears the loss of its loader, with the same bits', async () => {
    const config = streamed();
    const expected = await hashOf(config);
    const notices: string[] = [];
    const pool = createPool(2);
    const run = prepareRun({ ...config, workers: 2 }, { baseDir: '/' });
    const onNotice = (message: string): void => void notices.push(message);
    const session = openSession(run, { pool, onStep: () => {}, onNotice });
    try {
      await session.engine.start();
      for (let step = 12; step <= 60; step += 12) {
        session.loader!.kill();
        await session.engine.runTo(step);
      }
      expect(session.hashes().stateSha256).toBe(expected);
    } finally {
      await session.engine.stop();
    }
    expect(notices.length).toBeGreaterThan(0);
    expect(notices[0]).toMatch(
      /^the loader's thread was lost \(exit code 1\) at .*inputs-00000\.npy and its targets, sample \d+; another/,
    );
  });

  it('stops where its loader is lost more often than recovery allows', async () => {
    const config = streamed({}, { recovery: { maxRestarts: 0 } });
    const run = prepareRun({ ...config, workers: 2 }, { baseDir: '/' });
    const session = openSession(run, { pool: createPool(2), onStep: () => {} });
    try {
      await session.engine.start();
      session.loader!.kill();
      await expect(session.engine.runTo(70)).rejects.toThrow(
        /^loader: expected its thread to go on, got exit code 1 at .*; 1 loader lost in 60 s, more than recovery\.maxRestarts=0; step \d+ is the last good state$/,
      );
    } finally {
      await session.engine.stop();
    }
  });

  // Changed in the very moment of a read, the file is refused by what watches each read, which has no byte to tell.
  it.each([
    ['gone', (path: string) => rmSync(path), /: expected an npy file to read at byte \d+, got no such file/],
    [
      'cut',
      (path: string) => truncateSync(path, 9000),
      /: expected the file as it was opened \(\d+ bytes\), at byte \d+, got 9000 bytes|: expected the file as it was opened, got another content/,
    ],
    [
      'written to',
      (path: string) => utimesSync(path, 1, 1),
      /: expected the file as it was opened \(\d+ bytes\), at byte \d+, got one that was written to since|: expected the file as it was opened, got another content/,
    ],
  ])('stops with the file and the byte where a file is %s under way', async (_, damage, message) => {
    const copy = copyOfSet();
    let isDamaged = false;
    const onEvent = ({ type }: { type: string }): void => {
      if (type !== 'step' || isDamaged) return;
      isDamaged = true;
      damage(join(copy, 'inputs-00000.npy'));
    };
    const config = streamed({ dir: copy }, { epochs: 200, logging: { everySteps: 1 } });
    const error = await train(config, { runsDir: join(root, 'damaged'), onEvent }).catch((cause: Error) => cause);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(`${copy}/inputs-00000.npy`);
  });

  it('writes its last good state when it stops so, and goes on with the whole files', async () => {
    const copy = copyOfSet();
    const path = join(copy, 'inputs-00000.npy');
    const events: TrainEvent[] = [];
    const onEvent = (event: { type: string }): void => {
      events.push(event as TrainEvent);
      if (event.type === 'step') utimesSync(path, 1, 1);
    };
    const config = streamed({ dir: copy }, { epochs: 30, logging: { everySteps: 1 } });
    await expect(train(config, { runsDir: join(root, 'again'), onEvent })).rejects.toThrow(
      /written to since|as it was opened, got another content/,
    );
    const start = events.find((event) => event.type === 'start');
    const { runFolder } = start as { runFolder: string };
    const goneOn = await resume(runFolder);
    if (goneOn.isFinished) throw new Error('expected a run to go on with');
    const whole = await train(config, { runsDir: join(root, 'again') });
    expect(goneOn.summary.stateSha256).toBe(whole.summary.stateSha256);
  });
});
