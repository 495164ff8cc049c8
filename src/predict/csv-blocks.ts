// A CSV file of any size, plain or gzip, or stdin → blocks of whole rows, each parsed where it lies. Coordinator.
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { CsvRows } from '../data/csv-rows.ts';
import { DataError } from '../data/data-error.ts';
import { withInputFile } from '../data/input-file.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** What is read at a time; a block has as much, and more where a row is longer. */
const CHUNK_BYTES = 1 << 20;
/** A row that is longer is no row: a quote was forgotten. */
const MOST_ROW_BYTES = 1 << 26;
const EXPECTED = 'a CSV file';

/** A stream's bytes, and what errors call them. */
export interface ByteStream {
  name: string;
  chunks: AsyncIterable<Buffer>;
}

/** A file by its path, decompressed where its bytes are gzip. @throws DataError where it cannot be read */
export function fileStream(path: string): ByteStream {
  withInputFile(path, EXPECTED, () => {});
  return { name: path, chunks: decompressed(path, createReadStream(path, { highWaterMark: CHUNK_BYTES })) };
}

/** What comes from stdin. */
export function stdinStream(): ByteStream {
  return { name: 'stdin', chunks: decompressed('stdin', process.stdin as AsyncIterable<Buffer>) };
}

async function* decompressed(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const rest = prepend(first.value, iterator);
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) return yield* rest;
  const { Readable } = await import('node:stream');
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const source = Readable.from(rest);
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new DataError(name, 'a whole gzip file', (cause as Error).message, 'fetch the file again', { cause });
  }
}

async function* prepend(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/**
 * Whole rows, block by block; lines are counted over all of them.
 * @throws DataError as CsvRows does, and for a row without an end
 */
export async function* csvBlocks({ name, chunks }: ByteStream, delimiter: string): AsyncGenerator<CsvRows> {
  let firstLine = 1;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isQuoted = false;
  for await (const chunk of chunks) {
    const { end, isQuotedAtEnd } = lastRowEnd(chunk, isQuoted);
    isQuoted = isQuotedAtEnd;
    if (end === 0) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes > MOST_ROW_BYTES) {
        const advice = 'close the quotes, or check the line ends';
        throw new DataError(
          `${name}:${firstLine}`,
          `a row of at most ${MOST_ROW_BYTES >> 20} MiB`,
          'a longer one',
          advice,
        );
      }
      continue;
    }
    const rows = new CsvRows(name, Buffer.concat([...held, chunk.subarray(0, end)]), delimiter, firstLine);
    yield rows;
    firstLine = rows.nextLine;
    held = [chunk.subarray(end)];
    heldBytes = chunk.length - end;
  }
  const rest = Buffer.concat(held);
  if (rest.length > 0) yield new CsvRows(name, rest, delimiter, firstLine);
}

/** Behind the last line feed (or carriage return, if it is not the last byte) outside of quotes; two quotes inside of a cell change nothing. */
function lastRowEnd(chunk: Buffer, isQuotedAtStart: boolean): { end: number; isQuotedAtEnd: boolean } {
  let isQuoted = isQuotedAtStart;
  let end = 0;
  let from = 0;
  for (;;) {
    const quote = chunk.indexOf(QUOTE, from);
    const stretch = quote < 0 ? chunk.length : quote;
    if (!isQuoted) end = Math.max(end, lastBreak(chunk, from, stretch));
    if (quote < 0) return { end, isQuotedAtEnd: isQuoted };
    isQuoted = !isQuoted;
    from = quote + 1;
  }
}

/** 0 where there is none. */
function lastBreak(chunk: Buffer, from: number, to: number): number {
  for (let at = to - 1; at >= from; at--) {
    if (chunk[at] === LINE_FEED) return at + 1;
    // Behind the last byte there may be its line feed.
    if (chunk[at] === CARRIAGE_RETURN && at + 1 < chunk.length) return chunk[at + 1] === LINE_FEED ? at + 2 : at + 1;
  }
  return 0;
}
