// When checkpoints are taken, which are kept, and what a failing disk does to a run: nothing but a warning.
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadCheckpoint } from '#src/checkpoint/checkpoint.js';
import { type CheckpointEvent, type Summary, type TrainEvent, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

let runsDir: string;
beforeEach(() => {
  runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-checkpoints-')), 'runs');
});

async function trainAndWatch(keys: Record<string, unknown>, options = {}) {
  const events: TrainEvent[] = [];
  const onEvent = (event: { type: string }): void =>
    void (event.type !== 'progress' && events.push(event as TrainEvent));
  const { summary, runFolder } = await train(smallConfig(keys), { runsDir, onEvent, ...options });
  const taken = events.filter((event): event is CheckpointEvent => event.type === 'checkpoint');
  const warnings = events.flatMap((event) =>
    event.type === 'notice' && event.level === 'warning' ? [event.message] : [],
  );
  return { summary, runFolder, taken, warnings, files: filesOf(runFolder) };
}

const filesOf = (folder: string): string[] => readdirSync(join(folder, 'checkpoints')).sort();
const fileOf = (step: number): string => `step-${String(step).padStart(12, '0')}.lockstep`;

describe('checkpoints', () => {
  test('of every step are all written, and change no bit', async () => {
    const without = await trainAndWatch({ checkpoint: { everySeconds: 0 } });
    const { taken, files, summary } = await trainAndWatch({ checkpoint: { everySteps: 1, keep: 100 }, workers: 3 });
    expect(summary.stateSha256).toBe(without.summary.stateSha256);
    expect(files).toEqual(Array.from({ length: 25 }, (_, step) => fileOf(step)));
    expect(new Set(taken.map(({ step }) => step))).toEqual(new Set(Array.from({ length: 24 }, (_, i) => i + 1)));
    expect(taken.every(({ replaced }) => replaced === 0)).toBe(true);
    expect(without.files).toEqual([fileOf(0), fileOf(24)]);
  });

  test('by time are taken while the workers go on, at whatever step, and each of them can be gone on from', async () => {
    const { taken, runFolder } = await trainAndWatch({ epochs: 120, checkpoint: { everySeconds: 0.001, keep: 1000 } });
    expect(taken.length).toBeGreaterThan(3);
    for (const name of filesOf(runFolder)) {
      const { about, progress } = loadCheckpoint(join(runFolder, 'checkpoints', name));
      expect(name).toBe(fileOf(about.step));
      // What was counted is of the very step of the arrays.
      expect((progress as { report: { step: number } }).report.step).toBe(about.step);
    }
  });

  test('are kept: the last ones, and the one with the best figure', async () => {
    // The loss of a rate this high gets worse and worse after the first epochs.
    const keys = { epochs: 6, optimizer: { name: 'sgd', lr: 0.5 }, evaluation: { metric: 'loss' } };
    const { summary, files, runFolder } = await trainAndWatch({ ...keys, checkpoint: { everySteps: 1, keep: 2 } });
    const bestStep = summary.best!.epoch * 8;
    const expected = new Set([fileOf(bestStep), fileOf(47), fileOf(48)]);
    expect(files).toEqual([...expected].sort());
    const { progress } = loadCheckpoint(join(runFolder, 'checkpoints', fileOf(48)));
    expect((progress as { best: { epoch: number } }).best.epoch).toBe(summary.best!.epoch);
  });
});

describe('a disk that fails', () => {
  let undisturbed: Summary;
  beforeEach(async () => {
    undisturbed ??= (await trainAndWatch({ name: 'undisturbed' })).summary;
  });

  test.each([
    ['enospc', 'ENOSPC'],
    ['eio', 'EIO'],
    ['fsyncError', 'EIO'],
  ] as const)('with %s costs a checkpoint and a warning; the next one is written', async (kind, code) => {
    // File 0 is that of step 0.
    const faults = [1, 2, 5].map((file) => ({ kind, file }));
    const { summary, warnings, files } = await trainAndWatch({ faults, checkpoint: { everySteps: 1, keep: 100 } });
    expect(summary).toMatchObject({ status: 'done', stateSha256: undisturbed.stateSha256 });
    const missing = [1, 2, 5];
    const expected = Array.from({ length: 25 }, (_, step) => step).filter((step) => !missing.includes(step));
    expect(files).toEqual(expected.map(fileOf));
    expect(warnings).toEqual(
      missing.map((step) =>
        expect.stringMatching(
          new RegExp(`${fileOf(step)}: expected a checkpoint of step ${step} on disk, got ${code}.*; training goes on`),
        ),
      ),
    );
  });

  test('with a short write costs nothing', async () => {
    const faults = [0, 1, 3].map((file) => ({ kind: 'shortWrite', file }));
    const { warnings, files } = await trainAndWatch({ faults, checkpoint: { everySteps: 1, keep: 100 } });
    expect(warnings).toEqual([]);
    expect(files).toHaveLength(25);
  });

  test('at the last checkpoint is tried again', async () => {
    const writerFaults = [{ kind: 'enospc' as const, file: 1 }];
    const { files, warnings } = await trainAndWatch({}, { writerFaults });
    expect(files).toContain(fileOf(24));
    expect(warnings).toHaveLength(1);
  });

  test('before the first step ends the run before it has begun, and leaves nothing', async () => {
    const failing = trainAndWatch({}, { writerFaults: [{ kind: 'enospc', file: 0 }] });
    await expect(failing).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('got ENOSPC') });
    expect(existsSync(runsDir)).toBe(false);
  });
});

describe('memory', () => {
  test('refuses a run that needs more, with the table and what to change, before anything is written', async () => {
    const refused = trainAndWatch({ memory: '50 MB' });
    await expect(refused).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /^memory: expected at most 48 MiB \(memory: 50 MB\), got a run of \d+ MiB \(control 1 MiB, .*node and its threads \d+ MiB\); lower workers, or raise memory$/,
      ),
    });
    expect(existsSync(runsDir)).toBe(false);
    await trainAndWatch({ memory: '1.5 GiB' });
  });
});
