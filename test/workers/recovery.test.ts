// Workers that are lost in threads, at chosen places of their work: the run goes on, and ends with the bytes of one undisturbed worker.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '#src/engine/faults.js';
import { type TrainEvent, type TrainResult, train } from '#src/index.js';
import { smallConfig } from '../experiment/small-config.ts';

/** A step of eight shards, a norm phase, 24 steps with an evaluation after every 8. */
const KEYS = { shards: 8, clip: { norm: 0.1 }, epochs: 3 };

let runsDir: string;
beforeEach(() => {
  runsDir = mkdtempSync(join(tmpdir(), 'lockstep-'));
});
afterEach(() => rmSync(runsDir, { recursive: true }));

let undisturbed: string;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-'));
  const { summary } = await train(smallConfig({ ...KEYS, workers: 1 }), { runsDir: folder });
  undisturbed = `${summary.stateSha256} ${summary.trainLoss} ${summary.validationLoss} ${summary.testLoss}`;
  rmSync(folder, { recursive: true });
});

type Recovery = Extract<TrainEvent, { type: 'recovery' }>;

async function trainWith(faults: readonly Fault[], keys: Record<string, unknown> = {}) {
  const events: TrainEvent[] = [];
  const config = smallConfig({ ...KEYS, ...keys });
  const result: TrainResult = await train(config, {
    runsDir,
    faults,
    onEvent: (event) => event.type !== 'progress' && events.push(event),
  });
  const { summary, runFolder } = result;
  const recoveries = events.filter((event): event is Recovery => event.type === 'recovery');
  const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const told = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'recovery');
  // Each is one line in metrics.jsonl too, and counted in the summary.
  expect(told).toEqual(recoveries);
  expect(summary.recoveries ?? 0).toBe(recoveries.length);
  const end = `${summary.stateSha256} ${summary.trainLoss} ${summary.validationLoss} ${summary.testLoss}`;
  return { recoveries, end };
}

const KINDS = {
  throw: /a fault was asked for$/,
  exit: /exited with code: 7$/,
  trap: /unreachable$/,
  kill: /^it was terminated/,
  outOfMemory: /^out of memory/,
  hang: /^no sign of life for \d+ ms$/,
} as const;

describe.each(Object.entries(KINDS))('a worker that does %s', (kind, cause) => {
  test.each([
    ['shards', 'begin', { shard: 2 }],
    ['shards', 'middle', { shard: 2 }],
    ['shards', 'end', { shard: 2 }],
    ['norm', 'end', { range: 0 }],
    ['update', 'begin', { range: 0 }],
    ['update', 'end', { range: 0 }],
    ['validate', 'begin', { chunk: 0 }],
  ] as const)('in %s, at the %s of it, changes no bit', async (phase, moment, unit) => {
    // Whoever comes there first.
    const [index] = Object.values(unit);
    const fault = { kind: kind as keyof typeof KINDS, step: 5, phase, index, moment };
    const recovery = { deadlineSeconds: kind === 'hang' ? 0.5 : 5 };
    const { recoveries, end } = await trainWith([fault], { workers: 3, recovery });
    expect(end).toBe(undisturbed);
    expect(recoveries).toHaveLength(1);
    expect(recoveries[0].cause).toMatch(cause);
    // A killed thread works on until it ends, as it would under a real kill.
    if (kind !== 'kill') expect(recoveries[0]).toMatchObject({ ...unit, phase: phase.toUpperCase() });
    expect(recoveries[0].lostMs).toBeGreaterThanOrEqual(0);
  });

  test('alone in its run, at the gate too, changes no bit', async () => {
    // A thread that hangs while it starts is waited for half a minute.
    const phases = ['shards', 'gate', 'update', 'validate', ...(kind === 'hang' ? [] : ['boot' as const])] as const;
    const faults = phases.map((phase) => ({ kind: kind as keyof typeof KINDS, seat: 0, step: 4, phase }));
    const { recoveries, end } = await trainWith(faults, {
      workers: 1,
      recovery: { deadlineSeconds: kind === 'hang' ? 0.5 : 5 },
    });
    expect(end).toBe(undisturbed);
    // A worker that is to be killed works on and may meet the next fault, or the end of the run, before it is.
    if (kind !== 'kill') expect(recoveries).toHaveLength(phases.length);
  });
});

test('a slow worker is waited for by nobody and lost by nobody', async () => {
  const { recoveries, end } = await trainWith([{ kind: 'slow', seat: 1, step: 0, ms: 3 }], { workers: 3 });
  expect(end).toBe(undisturbed);
  expect(recoveries).toEqual([]);
});

test('all workers at once may be lost in the middle of one step', async () => {
  const faults = [0, 1, 2].map((seat) => ({ kind: 'throw' as const, seat, step: 3, phase: 'shards' as const }));
  const { recoveries, end } = await trainWith(faults, { workers: 3 });
  expect(end).toBe(undisturbed);
  expect(recoveries.map(({ worker }) => worker).sort()).toEqual([0, 1, 2]);
});

test('faults of the config are drawn from its seed, decide no bit and do not enter configSha256', async () => {
  const faults = [{ kind: 'any', count: 6, seed: 5, step: 2 }];
  const { recoveries, end } = await trainWith([], { workers: 3, faults });
  expect(end).toBe(undisturbed);
  expect(recoveries.length).toBeGreaterThan(0);
});
