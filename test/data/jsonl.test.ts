import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { openDataset } from '#src/data/dataset.js';
import { EMBEDDED_TABLES } from '#src/data/embedded.js';
import { readSamples } from '#src/data/inspect.js';
import type { TablePreprocessing } from '#src/data/table-preprocessing.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const open = (content: string | Uint8Array, options: Record<string, unknown> = {}) => {
  const file = write('file.jsonl', content);
  return openDataset(dataSchema.parse({ source: 'jsonl', file, target: 'y', ...options }), 1, folder);
};
const read = (content: string | Uint8Array, options: Record<string, unknown> = {}) => {
  const dataset = open(content, options);
  const { inputs, targets } = readSamples(dataset);
  const { inputs: columns } = dataset.preprocessing as TablePreprocessing;
  return { dataset, names: columns.map(({ name }) => name), inputs: [...inputs], targets: [...targets] };
};

describe('openJsonl', () => {
  it('takes numbers, texts, truth values, nested values and lists', () => {
    const { names, inputs, targets, dataset } = read(
      '{"a":1.5,"n":{"c":[1,2]},"t":"u","is":true,"y":"cat"}\n\n{"y":"dog","a":-2e3,"t":"v","is":false,"n":{"c":[3,4]}}\r\n',
    );
    expect(names).toEqual(['a', 'n.c.0', 'n.c.1', 't', 'is']);
    expect(inputs).toEqual([1.5, 1, 2, 1, 0, 0, 1, -2000, 3, 4, 0, 1, 1, 0]);
    expect(targets).toEqual([0, 1]);
    expect(dataset.classNames).toEqual(['cat', 'dog']);
    expect(dataset.sampleName(1)).toBe(`${folder}/file.jsonl:3`);
  });

  it('takes for missing what is null, no number in Python, or not there, and fills it as the options say', () => {
    const lines = '{"a":1,"y":0}\n{"a":null,"b":5,"y":1}\n{"a":"NaN","b":7,"y":0}\n{"a":3,"y":1}\n';
    expect(read(lines, { missing: 'mean', indicator: true }).inputs).toEqual([
      1, 0, 6, 1, 2, 1, 5, 0, 2, 1, 7, 0, 3, 0, 6, 1,
    ]);
    expect(() => open(lines)).toThrow(
      'file.jsonl:1 column "b": expected a number, got an empty cell; correct the cell',
    );
  });

  it('reads gzip and a byte order mark', () => {
    expect(read(gzipSync('\ufeff{"a":1,"y":0}\n{"a":2,"y":1}')).inputs).toEqual([1, 2]);
  });

  it('gives for any table, bit for bit, what the same rows give as CSV', () => {
    const text = gunzipSync(readFileSync(EMBEDDED_TABLES.penguins.path)).toString();
    const [header, ...rows] = text
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const typed = (cell: string) =>
      cell === '' || cell === 'NA' ? null : Number.isNaN(Number(cell)) ? cell : Number(cell);
    const lines = rows.map((row) => JSON.stringify(Object.fromEntries(row.map((cell, i) => [header[i], typed(cell)]))));
    const options = { missing: 'median', indicator: true, standardize: true, split: 'stratified', test: 0.2 };
    const penguins = openDataset(dataSchema.parse({ source: 'penguins', ...options }), 1, folder);
    const json = open(lines.join('\n'), { target: 'species', ...options });
    expect(json.spec).toEqual({ ...penguins.spec, name: 'jsonl' });
    expect(json.parts).toEqual(penguins.parts);
    expect(json.preprocessing).toEqual({ ...penguins.preprocessing, source: 'jsonl' });
    expect(readSamples(json)).toEqual(readSamples(penguins));
  });

  it('finds each value by its path, whatever the nesting', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 });
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        number,
        fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('tree'), { minKeys: 1, maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const { names, inputs } = read(`${JSON.stringify({ x: value, y: 0 })}\n${JSON.stringify({ x: value, y: 1 })}`);
        expect(inputs).toHaveLength(2 * names.length);
        for (const [i, name] of names.entries()) {
          const found = name
            .split('.')
            .reduce((at, key) => (at as Record<string, unknown>)[key], { x: value } as unknown);
          // JSON.stringify writes -0 as 0.
          expect(inputs[i]).toBe(Object.is(found, -0) ? 0 : Math.fround(found as number));
        }
      }),
    );
  });
});

describe('what openJsonl refuses', () => {
  const good = '{"a":1,"y":0}\n{"a":2,"y":1}\n';
  it.each<[string, string, Record<string, unknown>, string]>([
    ['an empty file', '', {}, 'file.jsonl: expected a file of JSON lines, got an empty file'],
    ['blank lines', '\n \n', {}, 'file.jsonl: expected at least one line with values, got none'],
    [
      'a line that is no JSON',
      `${good}{"a":NaN,"y":0}\n`,
      {},
      'file.jsonl:3: expected an object in JSON, such as {"a": 1, "b": "x"}, got "{\\"a\\":NaN,\\"y\\":0}"; correct the line: values have names and are JSON, null where',
    ],
    [
      'a line that is a list',
      `${good}[1, 2]`,
      {},
      'file.jsonl:3: expected an object in JSON, such as {"a": 1, "b": "x"}, got "[1, 2]"; correct the line: values have names',
    ],
    [
      'an array of objects, on one line',
      '[{"a": 1}, {"a": 2}]',
      {},
      "write each object of the array on a line of its own (jq -c '.[]' table.json > table.jsonl)",
    ],
    [
      'an array of objects, on several lines',
      '[\n  {"a": 1}\n]\n',
      {},
      'write each object of the array on a line of its own (jq -c',
    ],
    [
      'one name twice',
      `${good}{"a":1,"b.c":1,"b":{"c":2},"y":0}`,
      {},
      'file.jsonl:3: expected a name for each value, got two of "b.c"',
    ],
    [
      'a value of another kind',
      `${good}{"a":"x","y":0}`,
      {},
      'file.jsonl:3 column "a": expected a number, got "x"; correct the cell',
    ],
    ['a target that is not there', good, { target: 'z' }, 'data.target: expected a column of'],
    [
      'a number that float32 cannot hold',
      `${good}{"a":1e39,"y":0}`,
      {},
      'file.jsonl:3 column "a": expected a number that float32 can hold, got "1e+39"',
    ],
    [
      'deep objects',
      `{"a":${'['.repeat(17)}1${']'.repeat(17)},"y":0}`,
      {},
      'file.jsonl:1: expected objects within each other at most 16 times, got more',
    ],
    [
      'lists that are too long',
      `{"a":[${'1,'.repeat(20_000)}1],"y":0}`,
      {},
      'file.jsonl:1: expected at most 16384 values, got more',
    ],
    [
      'too many names',
      Array.from({ length: 1000 }, (_, i) => JSON.stringify({ y: i % 2, [`v${i}`]: Array(20).fill(1) })).join('\n'),
      {},
      'file.jsonl: expected at most 16384 different names',
    ],
  ])('%s', (_, content, options, message) => {
    expect(() => open(content, options)).toThrow(message);
  });

  it('is skipped and counted where the options say so', () => {
    const { dataset, inputs } = read(`${good}nonsense\n{"a":"x","y":0}\n{"a":4,"y":1}\n`, { onBadSample: 'skip' });
    expect(inputs).toEqual([1, 2, 4]);
    expect(dataset.warnings).toContain(
      `${folder}/file.jsonl: skipped 2 of 5 rows: ${folder}/file.jsonl:3: expected an object in JSON, such as {"a": 1, "b": "x"}, got "nonsense"; ` +
        `${folder}/file.jsonl:4 column "a": expected a number, got "x"`,
    );
  });
});
