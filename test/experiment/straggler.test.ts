import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findStraggler } from '#src/experiment/straggler.js';
import { type TrainEvent, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

describe('findStraggler', () => {
  const times = (...means: number[]) => means.map((ms, worker) => ({ worker, shards: 1000, totalMs: 1000 * ms }));

  test('names the worker that is slower than the others by half, and by how much', () => {
    expect(findStraggler(times(2, 1, 1.1, 4))).toEqual({ worker: 3, shardMs: 4, othersMs: 1.1 });
    expect(findStraggler(times(1, 1.6))).toEqual({ worker: 1, shardMs: 1.6, othersMs: 1 });
  });

  test('names nobody where all are alike, where there is one, or where little is known', () => {
    expect(findStraggler(times(1, 1.5))).toBeUndefined();
    expect(findStraggler(times(5))).toBeUndefined();
    expect(findStraggler([])).toBeUndefined();
    expect(findStraggler([...times(1), { worker: 1, shards: 7, totalMs: 7000 }])).toBeUndefined();
    expect(findStraggler([...times(1), { worker: 1, shards: 100, totalMs: 340 }])).toBeUndefined();
  });
});

test('a slow worker is named while the run goes on and at its end, takes fewer shards, and changes no bit', async () => {
  const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-'));
  const events: TrainEvent[] = [];
  const keys = { shards: 8, epochs: 60 };
  const undisturbed = await train(smallConfig({ ...keys, workers: 1 }), { runsDir });
  const { summary, runFolder } = await train(smallConfig({ ...keys, workers: 2 }), {
    runsDir,
    // Slower than any shard of this size on a busy machine.
    faults: [{ kind: 'slow', seat: 1, step: 0, ms: 25 }],
    onEvent: (event) => event.type !== 'progress' && events.push(event),
  });
  expect(summary.stateSha256).toBe(undisturbed.summary.stateSha256);
  const told = events.filter((event) => event.type === 'straggler');
  expect(told).toMatchObject([{ type: 'straggler', worker: 1 }]);
  expect(summary.straggler).toMatchObject({ worker: 1 });
  expect(summary.straggler!.shardMs).toBeGreaterThan(25);
  const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'straggler')).toEqual(told);
  const notices = events.filter((event) => event.type === 'notice').map(({ message }) => message);
  expect(notices.some((message) => /^worker 1 was slow: its shards took \d+\.\d+ ms/.test(message))).toBe(true);
  rmSync(runsDir, { recursive: true });
});
