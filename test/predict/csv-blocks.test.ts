// Blocks of a CSV stream against the same bytes read at once by CsvRows, for any chunks.
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CsvRows } from '#src/data/csv-rows.js';
import { fileStream } from '#src/predict/byte-stream.js';
import { csvBlocks } from '#src/predict/csv-blocks.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-blocks-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Rows = { line: number; cells: string[] }[];

function readAtOnce(bytes: Buffer): Rows {
  const rows = new CsvRows('a.csv', bytes, ',');
  const found: Rows = [];
  while (rows.next()) found.push({ line: rows.line, cells: rows.texts() });
  return found;
}

async function readBlocks(chunks: AsyncIterable<Buffer>): Promise<Rows> {
  const found: Rows = [];
  for await (const rows of csvBlocks({ name: 'a.csv', chunks }, ',')) {
    while (rows.next()) found.push({ line: rows.line, cells: rows.texts() });
  }
  return found;
}

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const cell = fc.oneof(fc.stringMatching(/^[a-zé😀0-9. ]{0,6}$/u), fc.stringMatching(/^"(?:[a-zé,\r\n ]|""){0,6}"$/u));
const row = fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join(','));
const table = fc
  .array(fc.tuple(row, fc.constantFrom('\n', '\r\n', '\r', '\n\n')), { minLength: 1, maxLength: 12 })
  .map((rows) => Buffer.from(rows.map((parts) => parts.join('')).join('')));

describe('csvBlocks', () => {
  it('gives the rows and lines of the whole file, wherever it is cut', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(table, sizes, async (bytes, chunkSizes) => {
        expect(await readBlocks(cut(bytes, chunkSizes))).toEqual(readAtOnce(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('reads files of several chunks, gzip too, and names the line of a bad quote behind them', async () => {
    const lines = Array.from({ length: 300_000 }, (_, i) => `${i},"a ""b"", c",${i % 7}`);
    const file = join(folder, 'a.csv');
    const read = async (bytes: Uint8Array) => {
      writeFileSync(file, bytes);
      return await readBlocks(fileStream(file).chunks);
    };
    const text = `${lines.join('\n')}\n`;
    const rows = await read(Buffer.from(text));
    expect(rows).toHaveLength(lines.length);
    expect(rows[299_999]).toEqual({ line: 300_000, cells: ['299999', 'a "b", c', '0'] });
    expect(await read(gzipSync(text))).toEqual(rows);
    await expect(read(Buffer.from(`${text}1,x"y"\n`))).rejects.toThrow(
      'a.csv:300001: expected quotes around whole cells',
    );
    await expect(read(gzipSync(text).subarray(0, 5000))).rejects.toThrow('expected a whole gzip file');
  }, 60_000);
});
