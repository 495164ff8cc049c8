// Runs that part in a known way, and where `diff` and `replay` say that they do. Runs are trained here; what is changed is one cause each.
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compareTraces } from '#src/experiment/compare-traces.js';
import { differences, diffRuns, replayStep } from '#src/experiment/diff-runs.js';
import { train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-diff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(keys: Record<string, unknown> = {}): Promise<string> {
  return (await train(smallConfig(keys), { runsDir: folder })).runFolder;
}

let copies = 0;
/** A copy of a run whose ledger has another hash in a row: what a fault of the machine would have left. */
function withOtherRow(path: string, step: number): string {
  const copy = join(folder, `copy-${++copies}`);
  cpSync(path, copy, { recursive: true });
  const lines = readFileSync(join(copy, 'ledger.jsonl'), 'utf8').split('\n');
  lines[step + 1] = lines[step + 1].replace(/"weights":"[0-9a-f]{4}/, '"weights":"0000');
  writeFileSync(join(copy, 'ledger.jsonl'), lines.join('\n'));
  return copy;
}

/** Only the checkpoint of step 0, and a config that says something else than the run did: the ledger stays. */
function withoutLaterCheckpoints(path: string): string {
  const folderOf = join(path, 'checkpoints');
  for (const name of readdirSync(folderOf)) if (!name.includes('-000000000000.')) rmSync(join(folderOf, name));
  return path;
}

describe('diffRuns', () => {
  it('finds nothing between worker counts, and tells which keys differ', async () => {
    const [a, b] = [await run({ workers: 1 }), await run({ workers: 3 })];
    const diff = await diffRuns(a, b);
    expect(diff).toMatchObject({
      firstDifferent: null,
      equalRows: 24,
      lastEqual: 23,
      onlyIn: { a: 0, b: 0 },
      parting: null,
    });
    expect(diff.config).toEqual([{ key: 'workers', a: 1, b: 3 }]);
    expect(diff.environment).toEqual([]);
  });

  it('names the update and the learning rate where only that differs', async () => {
    const sgd = (lr: number) => ({ optimizer: { name: 'sgd', lr } });
    const diff = await diffRuns(await run(sgd(0.1)), await run(sgd(0.2)));
    expect(diff.firstDifferent).toEqual({ step: 0, columns: ['weights'] });
    expect(diff.parting).toMatchObject({
      step: 0,
      phase: 'UPDATE',
      tensor: 'dense1.weight',
      what: 'learning rate',
      a: '0.1',
      b: '0.2',
    });
    expect(diff.config).toEqual([{ key: 'optimizer.lr', a: 0.1, b: 0.2 }]);
    expect(diff.replayed).toMatchObject({ a: { notReproduced: [] }, b: { notReproduced: [] } });
  });

  it('finds the step of a schedule from ledgers that have a row in seven, in the middle of the run', async () => {
    const keys = (milestone: number) => ({
      optimizer: { name: 'sgd', lr: 0.1 },
      schedule: { name: 'multiStep', milestones: [milestone], gamma: 0.5 },
      ledger: { everySteps: 7 },
    });
    const [a, b] = [await run(keys(10)), await run(keys(30))];
    const diff = await diffRuns(a, b);
    expect(diff).toMatchObject({
      lastEqual: 6,
      firstDifferent: { step: 13, columns: expect.arrayContaining(['weights']) },
    });
    expect(diff.parting).toMatchObject({ step: 10, phase: 'UPDATE', what: 'learning rate', a: '0.05', b: '0.1' });
  });

  it('names the shard and its samples where the order is another one', async () => {
    const data = {
      source: 'synthetic',
      samples: 300,
      features: 12,
      classes: 3,
      batchSize: 32,
      validation: 0.1,
      test: 0.1,
    };
    const diff = await diffRuns(await run({ data }), await run({ data: { ...data, shuffle: false } }));
    expect(diff.parting).toMatchObject({ step: 0, phase: 'SHARDS', shard: 0, what: 'samples' });
  });

  it('names the start where the first weights differ', async () => {
    const data = { source: 'digits', batchSize: 64, shuffle: false };
    const init = (seed: number) => run({ data, seed, model: [{ dense: 10 }], steps: 3, epochs: undefined });
    const diff = await diffRuns(await init(1), await init(2));
    expect(diff.parting).toMatchObject({ step: 0, phase: 'start', tensor: 'dense1.weight' });
  });

  it('names the shard and the tensor of a loss that is weighted otherwise', async () => {
    const loss = (labelSmoothing: number) => ({ loss: { name: 'crossEntropy', labelSmoothing } });
    const diff = await diffRuns(await run(loss(0)), await run(loss(0.1)));
    expect(diff.parting).toMatchObject({ step: 0, phase: 'SHARDS', shard: 0, what: 'loss' });
  });

  it('names the run whose rows its own config does not give again', async () => {
    const a = await run();
    const diff = await diffRuns(a, withOtherRow(a, 13));
    expect(diff).toMatchObject({ lastEqual: 12, firstDifferent: { step: 13, columns: ['weights'] }, parting: null });
    expect(diff.replayed).toMatchObject({ a: { notReproduced: [] }, b: { notReproduced: ['weights'] } });
  });

  it('gives the interval and the reason where a run was made on another backend', async () => {
    const a = await run();
    const b = withOtherRow(a, 13);
    const ledger = join(b, 'ledger.jsonl');
    writeFileSync(ledger, readFileSync(ledger, 'utf8').replace('"wasm-simd"', '"openblas-1-zen+wasm-simd"'));
    const diff = await diffRuns(a, b);
    expect(diff).toMatchObject({ lastEqual: 12, firstDifferent: { step: 13 }, replayed: null, parting: null });
    expect(diff.reasons).toEqual([
      expect.stringMatching(/expected the backend openblas-1-zen\+wasm-simd .*, got wasm-simd/),
    ]);
  });

  it('refuses a folder that is no run, and a run without a ledger', async () => {
    const a = await run();
    await expect(diffRuns(a, join(folder, 'none'))).rejects.toThrow(/expected the folder of a run/);
    await expect(diffRuns(a, await run({ ledger: { everySteps: 'off' } }))).rejects.toThrow(
      /expected a run with a ledger/,
    );
  });
});

describe('replayStep', () => {
  it.each([
    ['dense', {}],
    ['clipped, an average', { clip: { norm: 0.1 }, averaging: { ema: 0.9 } }],
    ['batch norm and dropout', { model: [{ dense: 16 }, { batchNorm: true }, { dropout: 0.2 }, { dense: 3 }] }],
    [
      'a schedule that follows evaluations',
      { schedule: { name: 'reduceOnPlateau', patience: 0, factor: 0.5, threshold: 0.9 } },
    ],
  ])('%s: gives the loss of the ledger, samples whose losses sum to it, and the norm of the run', async (_, keys) => {
    const path = withoutLaterCheckpoints(await run({ ...keys, logging: { everySteps: 1 } }));
    const lines = (name: string) =>
      readFileSync(join(path, name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    for (const step of [0, 7, 17, 23]) {
      const trace = await replayStep(path, step);
      const row = lines('ledger.jsonl')[step + 1];
      const metrics = lines('metrics.jsonl').find((record) => record.step === step + 1 || record.step === step);
      expect(metrics).toBeDefined();
      expect(trace.loss).toBe(row.loss);
      const losses = trace.shards.flatMap((shard) => shard.losses);
      const ids = trace.shards.flatMap(({ sampleIds }) => sampleIds);
      expect(losses).toHaveLength(ids.length);
      expect(new Set(ids).size).toBe(ids.length);
      // A float64 sum of at most 32 losses in another order.
      expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeCloseTo(row.loss, 12);
      const norm = Math.sqrt(trace.reduced.reduce((sum, { norm: each }) => sum + each * each, 0));
      expect(norm / trace.gradNorm!).toBeCloseTo(1, 10);
    }
  });

  it('names the sample and the op of the first value that is no number', async () => {
    await expect(run({ optimizer: { name: 'sgd', lr: 1e30 } })).rejects.toThrow(/expected finite/);
    const name = readdirSync(folder)
      .filter((each) => each.startsWith('small'))
      .sort((a, b) => Number(a.slice(6) || 1) - Number(b.slice(6) || 1))
      .at(-1)!;
    const trace = await replayStep(join(folder, name), 1);
    expect(trace.failure).toMatch(/^step 1, shard 0, \w+: expected finite numbers, got \S+ in .* for samples? \d+/);
    expect(trace.after).toEqual([]);
  });

  it('goes back to the checkpoint before one that is damaged, and to first weights where there is none', async () => {
    const path = await run();
    const before = await replayStep(path, 23);
    const checkpoints = join(path, 'checkpoints');
    for (const name of readdirSync(checkpoints)) writeFileSync(join(checkpoints, name), 'no checkpoint');
    const damaged = await replayStep(path, 23);
    rmSync(checkpoints, { recursive: true });
    const none = await replayStep(path, 23);
    for (const other of [damaged, none]) expect({ ...other, from: 0 }).toEqual({ ...before, from: 0 });
    expect(compareTraces(before, none)).toBeUndefined();
  });

  it('refuses a step beyond the run, and data that has changed', async () => {
    const path = await run();
    await expect(replayStep(path, 24)).rejects.toThrow(/expected a step below 24/);
    const csv = join(folder, 'data.csv');
    writeFileSync(csv, `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2}`).join('\n')}\n`);
    const data = { source: 'csv', file: csv, target: 'y', batchSize: 8 };
    const other = await run({ data, model: [{ dense: 2 }], epochs: 1 });
    copyFileSync(csv, `${csv}.kept`);
    writeFileSync(csv, readFileSync(csv, 'utf8').replace('\n7,', '\n8,'));
    await expect(replayStep(other, 2)).rejects.toThrow(/expected the dataset [0-9a-f]{64} that the run was made with/);
  });
});

describe('differences', () => {
  it('names leaves by their paths, and lists as wholes', () => {
    const a = { x: 1, inner: { y: [1, 2], z: 'q' }, only: true };
    const b = { x: 1, inner: { y: [1, 3], z: 'q' }, __proto__: { only: false } };
    expect(differences(a, b)).toEqual([
      { key: 'inner.y', a: [1, 2], b: [1, 3] },
      { key: 'only', a: true, b: undefined },
    ]);
  });
});
