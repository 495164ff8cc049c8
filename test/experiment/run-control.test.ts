// A run that is asked for another number of workers while it goes on, by the file that `lockstep resize` writes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readControl, writeControl } from '#src/experiment/run-control.js';
import { nextScheduledStep, scheduledWorkers } from '#src/experiment/worker-schedule.js';
import { type TrainEvent, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const MAIN = fileURLToPath(new URL('../../dist/bundle/cli/main.js', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The program, in the folder above the runs. */
function resize(...args: string[]) {
  return spawnSync(process.execPath, [MAIN, 'resize', ...args], { cwd: folder, encoding: 'utf8' });
}

test('lockstep resize changes the workers of a run that goes on, and no bit', { timeout: 60_000 }, async () => {
  const keys = { epochs: 500, evaluation: { everyEpochs: 100 } };
  const undisturbed = await train(smallConfig({ ...keys, workers: 1 }), { runsDir: join(folder, 'alone') });
  const resizes: TrainEvent[] = [];
  const stop = new AbortController();
  const wanted = [4, 1, 3];
  let told = 0;
  const slow = [0, 1, 2, 3].map((seat) => ({ kind: 'slow' as const, seat, step: 0, ms: 0.2 }));
  const { summary, runFolder } = await train(smallConfig(keys), {
    runsDir: join(folder, 'runs'),
    signal: stop.signal,
    faults: slow,
    onEvent: (event) => {
      // Each request when the one before is fulfilled, so that all of them come in the run.
      if (event.type === 'resize') resizes.push(event);
      if (event.type === 'step' && told === resizes.length && told < wanted.length) {
        expect(resize('runs/latest', String(wanted[told++])).status).toBe(0);
      }
    },
  });
  expect(resizes.map((event) => event.type === 'resize' && [event.from, event.to])).toEqual([
    [2, 4],
    [4, 1],
    [1, 3],
  ]);
  expect(summary.stateSha256).toBe(undisturbed.summary.stateSha256);
  expect(summary.workers).toBe(3);
  const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'resize')).toEqual(resizes);
});

test('a request that cannot be fulfilled is told and changes nothing', { timeout: 60_000 }, async () => {
  const notices: string[] = [];
  let asked = 0;
  const requests = ['{"workers":9}', '{"workers":"many"}', '{"__proto__":{"workers":1}}', 'x'.repeat(5000)];
  const { summary } = await train(smallConfig({ epochs: 400, maxWorkers: 8 }), {
    runsDir: join(folder, 'runs'),
    faults: [0, 1].map((seat) => ({ kind: 'slow' as const, seat, step: 0, ms: 0.2 })),
    onEvent: (event) => {
      if (event.type === 'notice') notices.push(event.message);
      if (event.type !== 'step' || asked > notices.length || asked === requests.length) return;
      writeFileSync(join(folder, 'runs', 'small', 'control.json'), requests[asked++]);
    },
  });
  expect(notices).toHaveLength(4);
  expect(notices[0]).toMatch(/^workers: expected a whole number from 1 to maxWorkers \(8\), got 9; /);
  for (const notice of notices.slice(1))
    expect(notice).toMatch(/control\.json: expected a request such as \{"workers":3\}, got /);
  expect(summary.workers).toBe(2);
});

describe('lockstep resize', () => {
  test('refuses what is no folder of a run, a run that has ended, and what is no count', () => {
    expect(resize('nowhere', '3').stderr).toMatch(/expected the folder of a run, got nowhere/);
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run', 'config.yaml'), '');
    expect(resize('run', '3').status).toBe(0);
    expect(readControl(join(folder, 'run', 'control.json'))).toEqual({ workers: 3 });
    writeFileSync(join(folder, 'run', 'summary.json'), '');
    expect(resize('run', '3')).toMatchObject({ status: 2, stderr: expect.stringContaining('which has ended') });
    for (const count of ['0', '-1', '1.5', 'all', '1025']) expect(resize('run', count).status).toBe(2);
  });

  test('writes the whole file or none', () => {
    expect(() => writeControl(join(folder, 'missing'), { workers: 1 })).toThrow(/ENOENT/);
  });
});

describe('workersAt', () => {
  const workersAt = { 0: 4, 500: 3, 800: 1 };

  test.each([
    [0, 4, 500],
    [499, 4, 500],
    [500, 3, 800],
    [801, 1, Number.POSITIVE_INFINITY],
  ])('at step %i: %i workers, the next change at %d', (step, workers, next) => {
    expect(scheduledWorkers(workersAt, step)).toBe(workers);
    expect(nextScheduledStep(workersAt, step)).toBe(next);
  });

  test('says nothing before its first step, nor where it is not given', () => {
    expect(scheduledWorkers({ 5: 2 }, 4)).toBeUndefined();
    expect(scheduledWorkers(undefined, 4)).toBeUndefined();
    expect(nextScheduledStep(undefined, 4)).toBe(Number.POSITIVE_INFINITY);
  });

  test('counts beyond maxWorkers are refused before anything is written', async () => {
    const config = smallConfig({ maxWorkers: 4, workersAt: { 3: 5 } });
    await expect(train(config, { runsDir: join(folder, 'runs') })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^workers: expected at most maxWorkers \(4\), got 5/),
    });
  });
});
