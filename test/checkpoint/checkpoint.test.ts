// What a checkpoint file holds, read by others, and sessions that begin in the middle of a run.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { loadCheckpoint } from '#src/checkpoint/checkpoint.js';
import { Container } from '#src/checkpoint/container.js';
import { writeCheckpoint } from '#src/checkpoint/writer.js';
import { fileOperations } from '#src/checkpoint/writer-faults.js';
import { createPool } from '#src/engine/pool.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { openSession } from '#src/experiment/session.js';
import { saveRun } from './saved-run.ts';

// Everything that a state can have: momentum twice, an average, running statistics, dropout, a plateau of the loss and of the rate.
const RICH = {
  model: [{ dense: 16 }, { batchNorm: true }, { activation: 'relu' }, { dropout: 0.2 }, { dense: 3 }],
  averaging: { ema: 0.9 },
  clip: { norm: 1 },
  schedule: { name: 'reduceOnPlateau', factor: 0.5, patience: 0, threshold: 0.999 },
  evaluation: { metric: 'loss' },
  until: { plateau: { steps: 1000 } },
};

describe('loadCheckpoint', () => {
  test('opens a session at any step of a run, with any number of workers, that ends with the bits of the run', async () => {
    const { checkpoints, summary } = await saveRun(RICH);
    expect(checkpoints).toHaveLength(25);
    for (const [index, path] of checkpoints.filter((_, step) => step % 6 === 0).entries()) {
      const { config, plan, state, about } = loadCheckpoint(path);
      expect(about.step).toBe(index * 6);
      const workers = 1 + (index % 3);
      const pool = createPool(workers);
      const stored = { plan, modelSha256: about.modelSha256 };
      const run = prepareRun({ ...config, workers }, { baseDir: '/', stored });
      const steps: number[] = [];
      const session = openSession(run, { pool, onStep: ({ step }) => steps.push(step), state });
      await session.engine.start();
      for (let pause = (Math.floor(state.step / 8) + 1) * 8; pause <= 24; pause += 8) {
        await session.engine.runTo(pause);
        const { lossNumerator, denominator } = await session.engine.evaluate('validate');
        session.noteEvaluation(lossNumerator / denominator);
      }
      expect(session.hashes().stateSha256).toBe(summary.stateSha256);
      expect(steps).toEqual(Array.from({ length: 24 - state.step }, (_, i) => state.step + i));
      await session.engine.stop();
      await pool.destroy();
    }
  });

  test('refuses a session of another model or optimizer', async () => {
    const { checkpoints } = await saveRun();
    const { config, state } = loadCheckpoint(checkpoints[6]);
    const pool = createPool(1);
    const run = prepareRun(
      { ...config, optimizer: { ...config.optimizer, name: 'sgd', momentum: 0 } as never },
      { baseDir: '/' },
    );
    expect(() => openSession(run, { pool, onStep: () => {}, state })).toThrow(
      /^state of step 6: expected \d+ values for this model and optimizer, got \d+; go on with the config/,
    );
    await pool.destroy();
  });
});

test('every section of a checkpoint is what msgpackr reads', async () => {
  const { checkpoints } = await saveRun();
  const { state, plan } = loadCheckpoint(checkpoints.at(-1)!);
  const file = new Container(checkpoints.at(-1)!);
  const packr = new Packr({ moreTypes: true, useRecords: false });
  expect(packr.unpack(file.read('state', 1, {}))).toEqual(state.generation);
  expect(packr.unpack(file.read('best', 1, {}))).toEqual(state.best);
  expect(packr.unpack(file.read('plan', 1, {}))).toEqual(plan);
  expect(packr.unpack(file.read('about', 1, {}))).toMatchObject({
    step: 24,
    epoch: 3,
    states: ['firstMoment', 'secondMoment'],
  });
  file.close();
});

describe('writeCheckpoint', () => {
  const bytes = new Uint8Array(1000).map((_, i) => i);
  const sections = [{ name: 'about', version: 1, bytes }];
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-writer-'));

  test('writes on after a short write', async () => {
    const path = join(folder, 'short.lockstep');
    const operations = fileOperations([{ kind: 'shortWrite', file: 0 }], 0);
    await writeCheckpoint(path, sections, operations);
    const whole = join(folder, 'whole.lockstep');
    await writeCheckpoint(whole, sections);
    expect(readFileSync(path)).toEqual(readFileSync(whole));
  });

  test.each([
    ['enospc', 'ENOSPC'],
    ['eio', 'EIO'],
    ['fsyncError', 'EIO'],
  ] as const)('after %s the file of before is there, and nothing else', async (kind, code) => {
    const path = join(folder, `${kind}.lockstep`);
    await writeCheckpoint(path, sections);
    const before = readFileSync(path);
    const other = [{ name: 'about', version: 1, bytes: bytes.map((byte) => byte + 1) }];
    await expect(writeCheckpoint(path, other, fileOperations([{ kind, file: 3 }], 3))).rejects.toMatchObject({ code });
    expect(readFileSync(path)).toEqual(before);
    expect(() => readFileSync(`${path}.part`)).toThrow('ENOENT');
  });
});
