// The bytes of a CSV file of any size → blocks of whole rows, each parsed where it lies. Coordinator.
import { CsvRows } from '../data/csv-rows.ts';
import { DataError } from '../data/data-error.ts';
import type { ByteStream } from './byte-stream.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A row that is longer is no row: a quote was forgotten. */
const MOST_ROW_BYTES = 1 << 26;

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
