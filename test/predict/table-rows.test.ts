// The same rows as CSV, JSON lines, Parquet and Arrow: the same predictions to the bit, against CSV and against rows from code.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tableFromArrays, tableFromJSON, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, parseConfig, train } from '#src/index.js';
import { wholeStream } from '#src/predict/byte-stream.js';
import { openJsonRows } from '#src/predict/json-rows.js';
import { openTableRows, openTextRows } from '#src/predict/table-rows.js';
import { runLockstep, startLockstep } from '../cli/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string): string => resolve('test/fixtures', name);
const run = (name: string): string => join(folder, 'runs', name);

/** Cells of the fixture's columns that are trained on, typed as Parquet has them. */
type Patient = {
  number: number;
  age: number | null;
  weight: number | null;
  ward: string | null;
  smoker: boolean | null;
};
const patients: Patient[] = readFileSync(fixture('patients.csv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [number, age, weight, ward, , smoker] = line.match(/("[^"]*"|[^,]*)(,|$)/g)!.map((c) => c.replace(/,$/, ''));
    const orNull = (text: string): number | null => (text === '' ? null : Number(text));
    return {
      number: Number(number),
      age: orNull(age),
      weight: orNull(weight),
      ward: ward === '' ? null : ward.replaceAll('"', ''),
      smoker: smoker === '' ? null : smoker === 'true',
    };
  });
const toLines = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

async function trainOn(name: string, data: Record<string, unknown>): Promise<void> {
  const config = parseConfig({
    name,
    data: { target: 'outcome', missing: 'median', standardize: true, test: 0.2, ...data },
    model: [{ dense: 3 }],
    loss: 'crossEntropy',
    numerics: 'portable',
    workers: 1,
    epochs: 2,
  });
  await train(config, { runsDir: join(folder, 'runs'), baseDir: folder });
}

async function predict(name: string, files: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runLockstep(['predict', run(name), ...files, '-q'], folder);
  expect(code, stderr).toBe(0);
  return stdout;
}

beforeAll(async () => {
  const ignore = ['big', 'admitted', 'cost'];
  await trainOn('csv', { source: 'csv', file: fixture('patients.csv'), id: 'number', ignore });
  const cache = join(folder, 'cache');
  const dates = ['big', 'cost', 'weight', 'ward', 'smoker'];
  await trainOn('dates', { source: 'parquet', file: fixture('patients.parquet'), cache, id: 'number', ignore: dates });
}, 60_000);

describe('predict', { timeout: 60_000 }, () => {
  it('says the same of rows as CSV, Parquet, Arrow and JSON lines, plain and gzip', async () => {
    const expected = await predict('csv', [fixture('patients.csv')]);
    expect(expected.split('\n').length).toBe(patients.length + 2);
    const arrow = tableToIPC(tableFromJSON(patients.map(({ ...row }) => row)), 'file');
    const stream = tableToIPC(tableFromJSON(patients.map(({ ...row }) => row)), 'stream');
    const written = {
      'a.arrow': arrow,
      // What the bytes are decides.
      'b.csv': stream,
      'c.jsonl': toLines(patients),
      'd.jsonl.gz': gzipSync(`\ufeff${toLines(patients)}\n\n`),
      // A name that a line has not is a missing cell.
      'e.jsonl': toLines(patients.map((row) => Object.fromEntries(Object.entries(row).filter(([, v]) => v !== null)))),
    };
    for (const [name, bytes] of Object.entries(written)) {
      writeFileSync(join(folder, name), bytes);
      expect(await predict('csv', [name]), name).toBe(expected);
    }
    expect(await predict('csv', [fixture('patients.parquet')])).toBe(expected);
  });

  it('reads JSON lines from stdin', async () => {
    const child = startLockstep(['predict', run('csv'), '-', '-q'], folder);
    child.stdin.end(toLines(patients));
    let stdout = '';
    for await (const chunk of child.stdout) stdout += chunk;
    expect(stdout).toBe(await predict('csv', [fixture('patients.csv')]));
  });

  it('takes columns of JSON lines by their names where these are numbers, in any order', async () => {
    writeFileSync(
      join(folder, 'bare.csv'),
      Array.from({ length: 30 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 2}\n`).join(''),
    );
    await trainOn('bare', { source: 'csv', file: 'bare.csv', target: 2, header: false, missing: 'mean' });
    writeFileSync(join(folder, 'bare.in'), ',7\n3,10\n');
    // The names come up as 1, 0.
    writeFileSync(join(folder, 'bare.jsonl'), '{"1":7}\n{"0":3,"1":10}\n');
    expect(await predict('bare', ['bare.jsonl'])).toBe(await predict('bare', ['bare.in']));
  });

  it('takes the dates of a Parquet file as its training did: seconds', async () => {
    const lines = readFileSync(fixture('patients.csv'), 'utf8').trimEnd().split('\n').slice(1);
    const rows = lines.map((line, i) => {
      const date = line.match(/\d{4}-\d\d-\d\dT[^,]*/)?.[0];
      return { age: patients[i].age, admitted: date === undefined ? null : Date.parse(date) / 1000 };
    });
    const model = await loadModel(run('dates'), { workers: 1 });
    const expected = await model.predict(rows);
    await model.close();
    const { stdout } = await runLockstep(
      ['predict', run('dates'), fixture('patients.parquet'), '-q', '--json'],
      folder,
    );
    const got = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(got.map(({ number }) => number)).toEqual(patients.map(({ number }) => `${number}`));
    const shares = got.map(({ probabilities }) => Object.values(probabilities as Record<string, number>));
    // Six digits are written.
    for (const [i, row] of shares.entries())
      for (const [c, p] of row.entries()) expect(p).toBeCloseTo(expected[i].probabilities![c], 5);
    expect(new Set(shares.map(([p]) => p)).size).toBeGreaterThan(patients.length / 2);
  });

  it.each([
    ['a cell', '{"age":1,"weight":2,"ward":"north","smoker":true}\n\n{"age":"x"}', 'bad.jsonl:3 column "age"'],
    ['a line', '{"age":1,"weight":2,"ward":"north","smoker":true}\n[1]', 'bad.jsonl:2: expected an object'],
    ['a name that no line has', '{"age":1,"wieght":2,"ward":"north","smoker":true}', 'the column "weight"'],
  ])('names %s of JSON lines that does not fit', async (_, text, message) => {
    writeFileSync(join(folder, 'bad.jsonl'), text);
    const { code, stderr } = await runLockstep(['predict', run('csv'), 'bad.jsonl'], folder);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it('names the column that an Arrow file has not, and refuses binary files from stdin', async () => {
    writeFileSync(join(folder, 'short.arrow'), tableToIPC(tableFromArrays({ age: [1, 2] }), 'file'));
    const { code, stderr } = await runLockstep(['predict', run('csv'), 'short.arrow'], folder);
    expect(stderr).toContain('expected the columns "weight", "ward", "smoker" that the run was trained on');
    expect(code).toBe(2);
    const child = startLockstep(['predict', run('csv'), '-'], folder);
    child.stdin.on('error', () => {}).end(readFileSync(fixture('patients.parquet')));
    let text = '';
    for await (const chunk of child.stderr) text += chunk;
    expect(text).toContain('stdin: expected CSV or JSON lines, got a file of Parquet; name the file, uncompressed');
  });
});

describe('openTableRows', () => {
  const lines = '\n{"b":1}\n{"a":2,"b":3}\n';
  it.each([
    ['CSV', '\n\na,b\n,1\n2,3\n', ['a', 'b']],
    ['JSON lines whose second has a name more', lines, ['b', 'a']],
    ['JSON lines as gzip', gzipSync(lines), ['b', 'a']],
  ])('finds the names of %s, byte by byte', async (_, text, names) => {
    async function* bytes(): AsyncGenerator<Buffer> {
      for (const byte of Buffer.from(text)) yield Buffer.from([byte]);
    }
    const rows = await openTextRows(wholeStream('a', bytes()), ',');
    expect(rows.names).toEqual(names);
    const columns = ['a', 'b'].map((name) => names.indexOf(name));
    const found: string[][] = [];
    for await (const block of rows.blocks(columns, true)) {
      while (block.next()) found.push(columns.map((column) => block.textAt(column)));
    }
    expect(found).toEqual([
      ['', '1'],
      ['2', '3'],
    ]);
  });

  it('passes over blank lines in front of a header that fill a block', async () => {
    const path = join(folder, 'blank.csv');
    writeFileSync(path, `${'\n'.repeat(3 << 20)}a,b\n1,2\n`);
    expect((await openTableRows(path, ',')).names).toEqual(['a', 'b']);
  });
});

describe('openJsonRows', () => {
  it('gives the cells and line numbers of JSON.parse, wherever the bytes are cut', async () => {
    const row = fc.record({ a: fc.integer(), b: fc.string({ unit: 'grapheme' }), c: fc.option(fc.boolean()) });
    const lines = fc.array(fc.oneof(row, fc.constant(null)), { minLength: 1, maxLength: 8 });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lines, sizes, async (rows, chunkSizes) => {
        const first = { a: 0, b: '', c: null };
        const all = [first, ...rows];
        const bytes = Buffer.from(all.map((one) => (one === null ? '' : JSON.stringify(one))).join('\n'));
        async function* chunks(): AsyncGenerator<Buffer> {
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = chunkSizes[i % chunkSizes.length];
            yield bytes.subarray(at, at + size);
            at += size;
          }
        }
        const file = await openJsonRows({ name: 'a', chunks: chunks() });
        const found: unknown[] = [];
        for await (const block of file.blocks([0, 1, 2], true)) {
          while (block.next()) found.push([block.line, ...[0, 1, 2].map((column) => block.textAt(column))]);
        }
        const expected = all.flatMap((one, i) =>
          one === null ? [] : [[i + 1, `${one.a}`, one.b.trim(), `${one.c ?? ''}`]],
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
