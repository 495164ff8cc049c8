// A stream of JSON lines of any size → its names, and its rows block by block. Coordinator.
import { type Cell, CellRow } from '../data/cell-row.ts';
import { DataError } from '../data/data-error.ts';
import { parseJsonCells } from '../data/json-cells.ts';
import type { RowCursor } from '../data/table-row.ts';
import { checkUtf8 } from '../data/utf8.ts';
import type { ByteStream } from './byte-stream.ts';
import type { TableRows } from './table-rows.ts';

const LINE_FEED = 0x0a;
/** A line that is longer is no row. */
const MOST_LINE_BYTES = 1 << 26;

/**
 * Columns are the names of the first block of lines (1 MiB, or all of a smaller file), in the order in which they come up; what a line has not
 * is missing there.
 * @throws DataError for lines that are no objects, by their numbers
 */
export async function openJsonRows({ name, chunks }: ByteStream): Promise<TableRows> {
  const blocks = lineBlocks(name, chunks);
  const first: Line[] = (await blocks.next()).value ?? [];
  const cellsOf = ({ text, line }: Line): Map<string, Cell> => parseJsonCells(text, () => `${name}:${line}`);
  const names = [...new Set(first.flatMap((line) => [...cellsOf(line).keys()]))];
  const cursorOf = (lines: readonly Line[], columns: readonly number[]): RowCursor => {
    const row = new CellRow();
    let at = 0;
    const next = (): boolean => {
      if (at === lines.length) return false;
      const line = lines[at++];
      const values = cellsOf(line);
      const cells = new Array<Cell>(names.length).fill(null);
      for (const column of columns) cells[column] = values.get(names[column]);
      row.cells = cells;
      row.line = line.line;
      return true;
    };
    return Object.assign(row, { next });
  };
  return {
    name,
    names,
    isTyped: true,
    async *blocks(columns) {
      yield cursorOf(first, columns);
      for await (const lines of blocks) yield cursorOf(lines, columns);
    },
    where: ({ line }) => `${name}:${line}`,
  };
}

interface Line {
  /** Counted from 1. */
  line: number;
  text: string;
}

/** Those that are not blank; a block ends with a line. */
async function* lineBlocks(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let line = 1;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const linesOf = (bytes: Buffer): Line[] => {
    checkUtf8(name, bytes, line);
    const texts = bytes.toString('utf8').split('\n');
    if (texts[texts.length - 1] === '') texts.pop();
    const lines = texts.map((text, i) => ({ line: line + i, text: text.replace(/^\ufeff/, '') }));
    line += texts.length;
    return lines.filter(({ text }) => text.trim() !== '');
  };
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      const lines = linesOf(Buffer.concat([...held, chunk.subarray(0, end)]));
      held = [];
      heldBytes = 0;
      if (lines.length > 0) yield lines;
    }
    held.push(chunk.subarray(end));
    heldBytes += chunk.length - end;
    if (heldBytes > MOST_LINE_BYTES) {
      const expected = `a line of at most ${MOST_LINE_BYTES >> 20} MiB`;
      throw new DataError(`${name}:${line}`, expected, 'a longer one', 'write an object a line');
    }
  }
  const lines = linesOf(Buffer.concat(held));
  if (lines.length > 0) yield lines;
}
