// Parquet against CSV: the same rows in both files give the same parts, preprocessing, inputs and targets, to the bit.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { BlockReader } from '#src/data/block-reader.js';
import { type Dataset, openDataset } from '#src/data/dataset.js';
import { inspectDataset, readSamples } from '#src/data/inspect.js';
import { sampleElements } from '#src/data/source.js';
import { parseConfig, verify } from '#src/index.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-parquet-'));
afterAll(() => rmSync(root, { recursive: true }));
const cache = join(root, 'cache');
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

function configOf(source: 'csv' | 'parquet', keys: Record<string, unknown>, seed = 1) {
  const file = keys.file ?? fixture(`patients.${source}`);
  // A Parquet file has types: a date is a number there and a text in CSV, so the tests leave it out or split by it.
  const data = {
    source,
    target: 'outcome',
    id: 'number',
    ignore: ['admitted', 'cost'],
    missing: 'median',
    ...keys,
    file,
  };
  const own = source === 'parquet' ? { cache: keys.cache ?? cache } : {};
  const model = [{ dense: 8, activation: 'relu' }, { dense: keys.target === 'cost' ? 1 : 3 }];
  const loss = keys.target === 'cost' ? 'mse' : 'crossEntropy';
  return parseConfig({
    seed,
    data: { ...data, ...own },
    model,
    loss,
    numerics: 'portable',
    epochs: 2,
    workers: 2,
    shards: 2,
  });
}

function open(source: 'csv' | 'parquet', keys: Record<string, unknown>, seed?: number): Dataset {
  const config = configOf(source, keys, seed);
  return openDataset(config.data, config.seed, '/');
}

/** The inputs and targets of a part, read as a stream's loader reads them, or filled as for memory. */
function samplesOf(dataset: Dataset, part: 'train' | 'validation' | 'test'): { inputs: number[]; targets: number[] } {
  const size = sampleElements(dataset.spec.input.shape);
  const ids = dataset.parts[part];
  const { stream } = dataset;
  if (stream !== undefined && part === 'train') {
    const reader = new BlockReader(stream);
    const inputs = new Float32Array(ids.length * size);
    const targets = new Float32Array(ids.length);
    let done = 0;
    for (const [block, count] of stream.blocks.count.entries()) {
      const end = done + count;
      const place = inputs.subarray(done * size, end * size);
      reader.read(stream.blocks, block, stream.ids.subarray(done, end), place, targets.subarray(done, end));
      done = end;
    }
    return { inputs: [...inputs], targets: [...targets] };
  }
  const { validation, test } = dataset.parts;
  const count = stream === undefined ? dataset.spec.samples : validation.length + test.length;
  const inputs = new Float32Array(count * size);
  const targets = new Float32Array(count);
  dataset.fill(inputs, targets);
  const first = stream === undefined ? null : part === 'test' ? validation.length : 0;
  const places = first === null ? [...ids] : Array.from(ids, (_, i) => first + i);
  return {
    inputs: places.flatMap((place) => [...inputs.subarray(place * size, (place + 1) * size)]),
    targets: places.map((place) => targets[place]),
  };
}

const CASES: [string, Record<string, unknown>][] = [
  ['classes, standardised, with indicators', { standardize: true, indicator: true, validation: 0.1, test: 0.2 }],
  ['classes in a stratified split', { split: 'stratified', missing: 'mean', standardize: true, test: 0.3 }],
  ['numbers, standardised', { target: 'cost', ignore: ['admitted', 'outcome'], standardizeTarget: true, test: 0.1 }],
  ['rows dropped that miss a cell', { missing: 'drop', standardize: true, validation: 0.2, block: 7 }],
  ['rows skipped that miss a cell', { missing: 'error', onBadSample: 'skip', validation: 0.2 }],
  [
    'columns of their own',
    {
      columns: [
        { name: 'weight', missing: 55.5, standardize: true },
        { name: 'ward', missing: 0 },
      ],
      test: 0.1,
    },
  ],
  ['a split by group', { split: 'group', splitBy: 'ward', test: 0.2, validation: 0.2 }],
  ['a split by time', { split: 'time', splitBy: 'admitted', ignore: ['cost'], test: 0.2, validation: 0.1 }],
];

describe('a Parquet file', () => {
  it.each(CASES)('is what the same rows of a CSV file are: %s', (_, { block, ...keys }) => {
    const csv = open('csv', keys, 3);
    const parquet = open('parquet', { ...keys, ...(block !== undefined && { block }) }, 3);
    expect(parquet.parts).toEqual(csv.parts);
    const { source: _csv, ...fitted } = csv.preprocessing as Record<string, unknown>;
    expect(parquet.preprocessing).toMatchObject(fitted);
    expect(parquet.spec.target).toEqual(csv.spec.target);
    for (const part of ['train', 'validation', 'test'] as const) {
      expect(samplesOf(parquet, part)).toEqual(samplesOf(csv, part));
    }
    const [seen, expected] = [parquet, csv].map((dataset) => inspectDataset(dataset, readSamples(dataset)));
    expect({ ...seen, source: '' }).toEqual({ ...expected, source: '' });
    expect(parquet.missing).toEqual(csv.missing);
    expect(parquet.warnings.length).toBe(csv.warnings.length);
    expect(parquet.classNames).toEqual(csv.classNames);
  });

  it('trains to the same bits as the CSV file where the order is that of the rows, whatever the workers', async () => {
    const keys = { standardize: true, validation: 0.1, shuffle: false, batchSize: 32 };
    const counts = { steps: 30, workerCounts: [1, 2, 3] };
    const csv = await verify(configOf('csv', keys), counts);
    const parquet = await verify(configOf('parquet', { ...keys, block: 16, window: 4 }), counts);
    expect(parquet.isSame).toBe(true);
    expect(parquet.runs[0].stateSha256).toBe(csv.runs[0].stateSha256);
    const shuffled = await verify(configOf('parquet', { ...keys, shuffle: true, block: 16, window: 4 }), counts);
    expect(shuffled.isSame).toBe(true);
    expect(shuffled.runs[0].stateSha256).not.toBe(csv.runs[0].stateSha256);
  });

  it('is converted once for each content and each role of its columns, and not for other splits or scales', () => {
    const folder = join(root, 'counted');
    const converted = (keys: Record<string, unknown>, seed?: number): number => {
      open('parquet', { cache: folder, ...keys }, seed);
      return readdirSync(folder).length;
    };
    const before = [{}, { standardize: true, test: 0.4 }, { split: 'stratified', test: 0.1, block: 3 }].map(
      (keys, seed) => converted(keys, seed),
    );
    expect(before).toEqual([1, 1, 1]);
    expect(converted({ missing: 'drop' })).toBe(2);
    expect(converted({ ignore: ['admitted'], target: 'cost' })).toBe(3);
  });

  it('names its rows as they are in the file, also where others were left out', () => {
    const { sampleName, parts, warnings } = open('parquet', { missing: 'drop' });
    const rows = readFileSync(fixture('patients.csv'), 'utf8').trim().split('\n').slice(1);
    const whole = Array.from(rows.keys()).filter((row) => {
      const cells = rows[row].split(',');
      return !(rows[row].includes(',,') || cells[2] === '');
    });
    expect(parts.train.length).toBe(whole.length);
    expect(sampleName(40)).toBe(`${fixture('patients.parquet')}: row ${whole[40]}`);
    expect(warnings[0]).toMatch(/patients\.parquet: dropped \d+ of 500 rows, in which cells are missing/);
  });

  it.each([
    ['another file', 'number,age\n1,2\n', /bad\.parquet: expected a Parquet file, got /],
    ['an empty file', '', /bad\.parquet: expected a Parquet file, got /],
    [
      'half a file',
      readFileSync(fixture('patients.parquet')).subarray(0, 9000),
      /bad\.parquet: expected a Parquet file, got /,
    ],
  ])('is refused where it is %s', (_, content, message) => {
    const file = join(root, 'bad.parquet');
    writeFileSync(file, content);
    expect(() => open('parquet', { file })).toThrow(message);
    expect(readdirSync(cache).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('is refused with row and column for cells that do not fit, and for columns that are not there', () => {
    expect(() => open('parquet', { missing: 'error' })).toThrow(
      /patients\.parquet: row \d+ column "weight": expected a number, got an empty cell; /,
    );
    expect(() => open('parquet', { target: 'out' })).toThrow(
      /^data\.target: expected a column of .*patients\.parquet \(number, age/,
    );
    expect(() => open('parquet', { file: join(root, 'none.parquet') })).toThrow(/none\.parquet: .*no such file/);
  });
});
