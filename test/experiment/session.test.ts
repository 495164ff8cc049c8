// What a session puts into memory before the first step, and what evaluations do to the learning rate and the state's hash.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPool } from '#src/engine/pool.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { openSession, type Session } from '#src/experiment/session.js';
import { train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

/** A session whose workers are never seated. */
async function withSession(keys: Record<string, unknown>, look: (session: Session) => void): Promise<void> {
  const pool = createPool(1);
  try {
    look(openSession(prepareRun(smallConfig({ workers: 1, ...keys }), { baseDir: '.' }), { pool, onStep: () => {} }));
  } finally {
    await pool.destroy();
  }
}

test('states begin as their optimizer says, the average as the first weights', async () => {
  const optimizer = { name: 'adagrad', initialAccumulator: 0.5 };
  await withSession({ optimizer, averaging: { ema: 0.99 } }, ({ engine }) => {
    expect(engine.committed(0).some((p) => p !== 0)).toBe(true);
    expect(engine.committed(1).every((sum) => sum === 0.5)).toBe(true);
    expect(engine.committed(2)).toEqual(engine.committed(0));
  });
});

describe('reduceOnPlateau', () => {
  // No loss falls to a thousandth: every evaluation but the first is a bad one.
  const keys = {
    schedule: { name: 'reduceOnPlateau', factor: 0.5, patience: 0, threshold: 0.999 },
    evaluation: { metric: 'loss' },
  };

  test('what it remembers is part of the state’s hash', async () => {
    await withSession(keys, (session) => {
      const first = session.hashes();
      session.noteEvaluation(1);
      const second = session.hashes();
      expect(second.stateSha256).not.toBe(first.stateSha256);
      expect(second.weightsSha256).toBe(first.weightsSha256);
    });
    await withSession({}, (session) => {
      const first = session.hashes();
      session.noteEvaluation(1);
      expect(session.hashes()).toEqual(first);
    });
  });

  test('halves the rate after each bad evaluation, whoever computes', async () => {
    const hashes: unknown[] = [];
    for (const workers of [1, 3]) {
      const config = smallConfig({ ...keys, workers, epochs: 4, logging: { everySteps: 1 } });
      const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-session-'));
      const { summary, runFolder } = await train(config, { runsDir });
      const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
      const rates: number[] = lines.map((line) => JSON.parse(line).lr);
      const perEpoch = rates.length / 4;
      expect([0, 1, 2, 3].map((epoch) => rates[epoch * perEpoch])).toEqual([0.01, 0.01, 0.005, 0.0025]);
      expect(rates[2 * perEpoch - 1]).toBe(0.01);
      hashes.push(summary.stateSha256);
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  test('wants a validation part', () => {
    const data = { source: 'synthetic', samples: 300, features: 12, classes: 3 };
    expect(() => prepareRun(smallConfig({ ...keys, data }), { baseDir: '.' })).toThrow(
      /^schedule: expected a validation part for reduceOnPlateau, got none; set data\.validation/,
    );
  });
});

test('lrReferenceBatch scales every rate to the global batch', () => {
  const groups = [
    { match: '*.bias', lr: 0.5 },
    { match: '*', lrScale: 2 },
  ];
  const { training } = prepareRun(smallConfig({ optimizer: { lr: 0.25, lrReferenceBatch: 64, groups } }), {
    baseDir: '.',
  });
  // 32 / 64.
  expect(training.optimizer).toMatchObject({ lr: 0.125, groups: [{ lr: 0.25 }, { lrScale: 2 }] });
});

test('a group that matches nothing is refused before anything is written, and a schedule of a rate of 0 with it', () => {
  const optimizer = { groups: [{ match: 'conv*' }] };
  expect(() => prepareRun(smallConfig({ optimizer }), { baseDir: '.' })).toThrow(/^optimizer\.groups\.0\.match: /);
  expect(() => smallConfig({ optimizer: { lr: 0 }, schedule: { name: 'cosine' } })).toThrow(
    /optimizer\.lr: expected a number above 0, as there is a schedule, got 0/,
  );
});
