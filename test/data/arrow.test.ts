import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { readSamples } from '#src/data/inspect.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
/** Written by pyarrow, with the cells that it was given. */
const fixture = JSON.parse(readFileSync('test/fixtures/arrow.json', 'utf8')) as Record<
  'file' | 'stream' | 'compressed',
  string
> & {
  rows: Record<string, unknown>[];
};
const bytesOf = (kind: 'file' | 'stream' | 'compressed') => Buffer.from(fixture[kind], 'base64');
const open = (source: 'arrow' | 'jsonl', file: string, options: Record<string, unknown>) =>
  openDataset(dataSchema.parse({ source, file, ...options }), 1, folder);

describe('openArrow', () => {
  it.each(['file', 'stream'] as const)('gives what the same rows give as JSON lines, as a %s', (kind) => {
    const options = {
      target: 'label',
      ignore: ['list'],
      missing: 'mean',
      indicator: true,
      standardize: true,
      test: 0.25,
    };
    const lines = fixture.rows
      .map((row) => JSON.stringify(row))
      .join('\n')
      .replace(/"list": ?\[[^\]]*\]/g, '"list":0');
    const arrow = open('arrow', write('table.arrow', bytesOf(kind)), options);
    const json = open('jsonl', write('table.jsonl', lines), options);
    expect(arrow.spec).toEqual({ ...json.spec, name: 'arrow' });
    expect(arrow.parts).toEqual(json.parts);
    // A float32 cell is written in JSON as the double that it is.
    const [got, expected] = [readSamples(arrow), readSamples(json)];
    expect(got.targets).toEqual(expected.targets);
    expect(got.inputs).toEqual(expected.inputs);
    expect(arrow.missing).toEqual([
      { column: 'single', count: 1 },
      { column: 'double', count: 2 },
      { column: 'text', count: 1 },
    ]);
    expect(arrow.sampleName(7)).toBe(`${folder}/table.arrow:8`);
  });

  it('splits by a time, as texts or numbers are split by', () => {
    const file = write('table.arrow', bytesOf('file'));
    const options = {
      target: 'label',
      ignore: ['list', 'text', 'single', 'double'],
      split: 'time',
      splitBy: 'moment',
      test: 0.25,
    };
    expect([...open('arrow', file, options).parts.test]).toEqual([9, 10, 11]);
  });

  it.each<[string, () => Uint8Array, Record<string, unknown>, string]>([
    [
      'columns of other types',
      () => bytesOf('file'),
      {},
      'table.arrow column "list": expected numbers, texts, truth values, dates or times, got List<Int32>; list it in data.ignore',
    ],
    [
      'missing cells',
      () => bytesOf('file'),
      { ignore: ['list'] },
      'table.arrow:1 column "double": expected a number, got an empty cell',
    ],
    ['a target that is not there', () => bytesOf('file'), { target: 'z' }, 'data.target: expected a column of'],
    [
      'compressed files',
      () => bytesOf('compressed'),
      { ignore: ['list'] },
      'table.arrow: expected a whole Arrow file, got Dictionary batch is compressed but codec not found; write the file again, uncompressed',
    ],
    [
      'a file that was cut',
      () => bytesOf('file').subarray(0, 2000),
      {},
      'table.arrow: expected a whole Arrow file, got one without its end; write the file again, uncompressed',
    ],
    ['another file', () => Buffer.from('a,b\n1,2\n'), {}, 'table.arrow: expected '],
    ['an empty table', () => tableToIPC(new Table()), {}, 'table.arrow: expected at least one column, got none'],
  ])('refuses %s', (_, bytes, options, message) => {
    expect(() => open('arrow', write('table.arrow', bytes()), { target: 'label', ...options })).toThrow(message);
  });

  it('refuses a footer whose first batch is the dictionary, which apache-arrow would read for ever', () => {
    const bytes = bytesOf('file');
    const [dictionary, batch] = [752n, 952n];
    const entry = bytes.lastIndexOf(Buffer.from(BigInt64Array.of(batch).buffer));
    expect(bytes.length - entry).toBe(818);
    bytes.writeBigInt64LE(dictionary, entry);
    const file = write('table.arrow', bytes);
    expect(() => open('arrow', file, { target: 'label' })).toThrow('table.arrow: expected a whole Arrow file');
  });

  it('ends with a table or a refusal, whichever length or count says 2^31 - 1', { timeout: 60_000 }, () => {
    const good = bytesOf('stream');
    for (let at = 0; at < good.length; at += 4) {
      if (good.readInt32LE(at) <= 0 || good.readInt32LE(at) > good.length) continue;
      const bytes = Buffer.from(good);
      bytes.writeInt32LE(0x7fff_ffff, at);
      const file = write('table.arrow', bytes);
      try {
        open('arrow', file, { target: 'label', ignore: ['list'], missing: 'mean' });
      } catch (error) {
        expect((error as Error).message).toContain('expected');
      }
    }
  });
});

/** In the npm package vega-datasets, which lockstep does not depend on. */
function findFlights(): string | null {
  try {
    const root = dirname(createRequire(join(process.cwd(), 'package.json')).resolve('vega-datasets/package.json'));
    const path = join(root, 'data/flights-200k.arrow');
    return existsSync(path) ? path : null;
  } catch {
    return process.env.LOCKSTEP_FLIGHTS ?? null;
  }
}

const flights = findFlights();
it.skipIf(flights === null)('reads the 200,000 flights of vega-datasets (npm i --no-save vega-datasets@3.2.1)', () => {
  const dataset = open('arrow', flights!, { target: 'delay', task: 'regression', test: 0.1 });
  expect(dataset.spec).toMatchObject({ samples: 200_000, input: { shape: [2] }, target: { kind: 'values' } });
  const { inputs, targets } = readSamples(dataset);
  // The columns' own buffers, not cell by cell.
  const table = tableFromIPC(readFileSync(flights!));
  const [delay, distance, time] = ['delay', 'distance', 'time'].map(
    (name) => table.getChild(name)!.toArray() as ArrayLike<number>,
  );
  for (let i = 0; i < 200_000; i++) {
    if (targets[i] !== delay[i] || inputs[2 * i] !== distance[i] || inputs[2 * i + 1] !== time[i])
      expect.fail(`row ${i}`);
  }
});
