// The ledger of whole runs: the same rows for every worker count, other rows for another mathematics; and the file's reader.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readLedger, readLedgerHeader } from '#src/experiment/ledger.js';
import { LedgerLog } from '#src/experiment/ledger-log.js';
import { type TrainConfig, train } from '#src/index.js';
import { committedStep } from './committed-step.ts';
import { smallConfig } from './small-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ledgerOf(keys: Record<string, unknown>): Promise<string> {
  const { runFolder } = await train(smallConfig(keys) as TrainConfig, { runsDir: folder });
  return readFileSync(join(runFolder, 'ledger.jsonl'), 'utf8');
}

const rowsOf = (text: string) =>
  text
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line));
let files = 0;
function fileOf(text: string): string {
  const path = join(folder, `${++files}.jsonl`);
  writeFileSync(path, text);
  return path;
}

const CONFIGS: Record<string, Record<string, unknown>> = {
  'adam, its state hashed': { ledger: { state: true } },
  'sgd, clipped by the norm': { optimizer: { name: 'sgd', lr: 0.1, momentum: 0.9 }, clip: { norm: 0.5 } },
  'groups, one frozen, an average': {
    optimizer: {
      name: 'adam',
      groups: [
        { match: '*.bias', lr: 0.1 },
        { match: 'dense1.weight', frozen: true },
      ],
    },
    averaging: { ema: 0.9 },
    ledger: { state: true },
  },
  'lamb, whose ranges are whole parameters': { optimizer: { name: 'lamb', lr: 0.01 }, ledger: { state: true } },
  'batch norm and dropout': {
    model: [{ dense: 16 }, { batchNorm: true }, { dropout: 0.2 }, { dense: 3 }],
    ledger: { state: true },
  },
};

describe.each(Object.entries(CONFIGS))('ledger.jsonl, %s', (_, keys) => {
  it('has a row a step, the same for every worker count, though everybody hashes other ranges', async () => {
    const one = await ledgerOf({ ...keys, workers: 1 });
    for (const workers of [2, 3]) expect(await ledgerOf({ ...keys, workers })).toBe(one);
    const rows = rowsOf(one);
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(new Set(rows.map(({ weights }) => weights)).size).toBe(24);
    expect(new Set(rows.map(({ gradient }) => gradient)).size).toBe(24);
  });
});

describe('ledger.jsonl', () => {
  it('changes no bit, whatever its rate', async () => {
    const hashes = [];
    for (const ledger of [{ everySteps: 'off' }, { everySteps: 1, state: true }, { everySteps: 7 }]) {
      const { summary } = await train(smallConfig({ ledger }), { runsDir: folder });
      hashes.push(summary.stateSha256);
    }
    expect(new Set(hashes).size).toBe(1);
  });

  it('has the rows that its rate says, and no file where it is off', async () => {
    const every = rowsOf(await ledgerOf({}));
    const seventh = rowsOf(await ledgerOf({ ledger: { everySteps: 7 } }));
    expect(seventh).toEqual(every.filter(({ step }) => (step + 1) % 7 === 0));
    await expect(ledgerOf({ ledger: { everySteps: 'off' } })).rejects.toThrow(/ENOENT/);
  });

  it('differs from the first step on in another seed, and in its header in another config', async () => {
    const [one, two] = [await ledgerOf({ seed: 1 }), await ledgerOf({ seed: 2 })];
    expect(rowsOf(one)[0].weights).not.toBe(rowsOf(two)[0].weights);
    const headers = [one, two].map((text) => JSON.parse(text.slice(0, text.indexOf('\n'))));
    expect(headers[0].configSha256).not.toBe(headers[1].configSha256);
    expect(headers[0].datasetSha256).not.toBe(headers[1].datasetSha256);
    expect(headers[0].planSha256).toBe(headers[1].planSha256);
  });

  it('has the loss of each step exactly', async () => {
    const losses = rowsOf(await ledgerOf({})).map(({ loss }) => loss);
    const { runFolder } = await train(smallConfig({ logging: { everySteps: 1 } }), { runsDir: folder });
    const metrics = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    expect(losses).toEqual(metrics.map((line) => JSON.parse(line).loss));
  });
});

describe('LedgerLog', () => {
  const header = {
    ledger: 1 as const,
    version: '0',
    configSha256: '0'.repeat(64),
    planSha256: '1'.repeat(64),
    datasetSha256: '2'.repeat(64),
    backend: 'wasm-simd',
    everySteps: 1,
  };
  const hashes = { gradient: '0123456789abcdef', weights: null };

  it('goes on with a file, and writes what was added when the batch is over', async () => {
    const path = join(folder, 'log.jsonl');
    const refuse = (message: string) => expect.fail(message);
    const first = new LedgerLog(path, header, refuse);
    first.addStep(committedStep(0, { hashes }));
    await Promise.resolve();
    expect([...readLedger(path)]).toEqual([{ step: 0, loss: 2, ...hashes }]);
    first.close();
    const second = new LedgerLog(path, header, refuse);
    second.addStep(committedStep(1, { hashes: null }));
    second.addStep(committedStep(2, { hashes, denominator: 0 }));
    second.close();
    expect([...readLedger(path)].map(({ step, loss }) => [step, loss])).toEqual([
      [0, 2],
      [2, null],
    ]);
    expect(readLedgerHeader(path)).toEqual(header);
  });

  it('loses rows, not the run, where the disk is full', () => {
    // Every write to this device fails with ENOSPC.
    const told: string[] = [];
    const log = new LedgerLog('/dev/full', header, (message) => told.push(message));
    for (let step = 0; step < 100_000; step++) log.addStep(committedStep(step, { hashes }));
    for (let i = 0; i < 3; i++) log.flush();
    log.close();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^\/dev\/full: ENOSPC.*the run goes on/);
  });
});

describe('reading a ledger', () => {
  const header = `{"ledger":1,"version":"0","configSha256":"${'0'.repeat(64)}","planSha256":"${'1'.repeat(64)}","datasetSha256":"${'2'.repeat(64)}","backend":"wasm-simd","everySteps":1}\n`;
  const row = (step: number) => `{"step":${step},"loss":0.5,"gradient":"0123456789abcdef","weights":null}\n`;

  it('leaves out a torn last line', () => {
    const torn = fileOf(`${header}${row(0)}${row(1)}${row(2)}{"step":3,"lo`);
    expect([...readLedger(torn)].map(({ step }) => step)).toEqual([0, 1, 2]);
  });

  it('reads rows beyond one chunk, each once', () => {
    const count = 10_000;
    const path = fileOf(header + Array.from({ length: count }, (_, step) => row(step)).join(''));
    let next = 0;
    for (const { step } of readLedger(path)) expect(step).toBe(next++);
    expect(next).toBe(count);
  });

  it.each([
    ['no header', row(0), /:1: expected the header of a ledger/],
    ['no JSON', `${header}step 0\n`, /:2: expected a line of JSON, got "step 0"/],
    ['a step twice', `${header}${row(0)}${row(0)}`, /:3: expected a step after 0, got 0/],
    ['a hash of another length', header + row(0).replace('abcdef', 'abc'), /:2: expected gradient, 16 digits/],
    ['a loss of text', header + row(0).replace('0.5', '"0.5"'), /:2: expected a loss, got "0.5"/],
    ['a line without end', header + 'x'.repeat(1 << 20), /:2: expected a line of a ledger, got \d+ bytes/],
    ['nested lists', `${header}${'['.repeat(50_000)}\n`, /:2: expected a line of JSON/],
  ])('refuses %s, naming the line', (_, text, message) => {
    const path = fileOf(text);
    expect(() => [...readLedger(path)]).toThrow(message);
  });

  it('refuses a file that is not there or is empty', () => {
    expect(() => [...readLedger(join(folder, 'none.jsonl'))]).toThrow(/expected the ledger of a run, got no such file/);
    expect(() => readLedgerHeader(fileOf(''))).toThrow(/got an empty file/);
  });
});
