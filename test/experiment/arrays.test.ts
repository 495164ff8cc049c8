// Whole runs on data that is not in a CSV file: arrays from code, .npy files, and what is told of rows that were left out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PLAIN_PAGE } from '#src/cli/page.js';
import { presentEnd } from '#src/cli/present-end.js';
import { resume, type Summary, type TrainArrays, train } from '#src/index.js';
import { npyBytes } from '../data/npy-bytes.ts';
import { temporaryFolder } from '../data/temporary-folder.ts';
import { smallConfig } from './small-config.ts';

const { folder, write } = temporaryFolder();
const SAMPLES = 120;
const inputs = Float32Array.from({ length: 4 * SAMPLES }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
const labels = Int32Array.from({ length: SAMPLES }, (_, i) => (inputs[4 * i] > inputs[4 * i + 1] ? 2 : i % 2));
const arrays: TrainArrays = { inputs: { values: inputs, shape: [SAMPLES, 4] }, targets: { values: labels } };
const config = (data: object) =>
  smallConfig({ data: { batchSize: 16, validation: 0.1, ...data }, epochs: 4, ledger: { everySteps: 1 } });
const options = { runsDir: join(folder, 'runs'), baseDir: folder };
const datasetSha256 = (runFolder: string): string =>
  (JSON.parse(readFileSync(join(runFolder, 'ledger.jsonl'), 'utf8').split('\n')[0]) as { datasetSha256: string })
    .datasetSha256;

it('arrays from code train to the bits that the same numbers in .npy files train to, and go on from a checkpoint', async () => {
  write('x.npy', npyBytes('<f4', [SAMPLES, 4], inputs));
  write('y.npy', npyBytes('<i4', [SAMPLES], labels));
  const files = await train(config({ source: 'npy', inputs: 'x.npy', targets: 'y.npy' }), options);
  const memory = await train(config({ source: 'arrays' }), { ...options, arrays });
  expect(memory.summary.weightsSha256).toBe(files.summary.weightsSha256);
  expect(memory.summary.trainLoss).toBeLessThan(1);
  expect(datasetSha256(memory.runFolder)).toBe(datasetSha256(files.runFolder));

  const stopped = await train(config({ source: 'arrays' }), { ...options, arrays, maxSteps: 5 });
  await expect(resume(stopped.runFolder)).rejects.toThrow('data.source arrays: expected arrays from the program');
  const resumed = await resume(stopped.runFolder, { arrays });
  expect(resumed).toMatchObject({
    summary: { steps: memory.summary.steps, weightsSha256: memory.summary.weightsSha256 },
  });
}, 60_000);

it('the hash of the dataset is another one where one number of an array is', async () => {
  const other = inputs.slice();
  other[4 * SAMPLES - 1] += 1 / 1024;
  const run = (values: Float32Array) =>
    train(config({ source: 'arrays' }), {
      ...options,
      maxSteps: 1,
      arrays: { ...arrays, inputs: { values, shape: [SAMPLES, 4] } },
    });
  const [a, b, c] = [await run(inputs), await run(inputs.slice()), await run(other)].map(({ runFolder }) =>
    datasetSha256(runFolder),
  );
  expect(b).toBe(a);
  expect(c).not.toBe(a);
}, 60_000);

it('rows that were left out are in the summary and told at the end', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `{"a":${i},"b":${i % 7},"y":${i % 3}}`);
  rows[3] = '{"a":"x","b":1,"y":0}';
  rows[9] = 'nonsense';
  rows[20] = '{"a":1,"y":2}';
  write('rows.jsonl', rows.join('\n'));
  const data = { source: 'jsonl', file: 'rows.jsonl', target: 'y', missing: 'drop', onBadSample: 'skip' };
  const { summary, runFolder } = await train(config(data), { ...options, maxSteps: 2 });
  const written = JSON.parse(readFileSync(join(runFolder, 'summary.json'), 'utf8')) as Summary;
  expect(written.leftOut).toEqual({ rows: 60, skipped: 2, dropped: 1 });
  const text = presentEnd(
    { type: 'end', summary, runFolder },
    { next: [], isKept: true, isVerbose: false },
    PLAIN_PAGE,
  );
  expect(text).toContain(
    '\ndata      2 of 60 rows skipped, as they do not fit · 1 of 60 rows dropped, as cells are missing\n',
  );
}, 60_000);
