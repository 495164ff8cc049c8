// A file of JSON lines, plain or gzip → a source of float32 inputs and class labels or numbers; coordinator.

import { type Cell, CellRow } from './cell-row.ts';
import { DataError } from './data-error.ts';
import { stampFile } from './input-file.ts';
import { MOST_COLUMNS, parseJsonCells } from './json-cells.ts';
import type { Source } from './source.ts';
import { type Table, TableBuilder, type TableOptions } from './table.ts';
import { openTable } from './table-source.ts';
import { readTextFile } from './text-file.ts';
import { checkUtf8 } from './utf8.ts';

const EXPECTED = 'a file of JSON lines';
const LINE_FEED = 0x0a;

/**
 * Opens a file of JSON objects, a line each: every line a sample, every name that any of them has a column, in the order in which they come
 * up; in a line without that name the cell is missing. The roles of the columns, and all else, are those of CSV.
 *
 * @param path absolute
 * @throws DataError with file, line and column, for lines that are no objects, cells that do not fit, columns that are not there
 */
export function openJsonl(path: string, options: TableOptions): Source {
  return openTable('jsonl', stampFile(path, EXPECTED), () => readJsonl(path, options), options);
}

function readJsonl(path: string, options: TableOptions): Table {
  const bytes = readTextFile(path, EXPECTED);
  checkUtf8(path, bytes);
  const names = findNames(path, bytes, options.onBadSample === 'skip');
  if (names.size === 0) throw new DataError(path, 'at least one line with values', 'none', 'check the file');
  const table = new TableBuilder(path, [...names.keys()], { ...options, header: true });
  const row = new CellRow();
  for (const { line, text } of linesOf(bytes)) {
    row.line = line;
    try {
      row.cells = toCells(
        parseJsonCells(text, () => `${path}:${line}`),
        names,
      );
    } catch (cause) {
      table.leaveOut(cause);
      continue;
    }
    table.add(row);
  }
  return table.finish();
}

/** A pass of its own: later lines may have names that the first has not. */
function findNames(path: string, bytes: Buffer, mayFail: boolean): Map<string, number> {
  const names = new Map<string, number>();
  for (const { line, text } of linesOf(bytes)) {
    let cells: ReadonlyMap<string, Cell>;
    try {
      cells = parseJsonCells(text, () => `${path}:${line}`);
    } catch (cause) {
      if (!mayFail || !(cause instanceof DataError)) throw cause;
      continue;
    }
    for (const name of cells.keys()) if (!names.has(name)) names.set(name, names.size);
    if (names.size > MOST_COLUMNS) {
      const got = `more up to line ${line}`;
      throw new DataError(path, `at most ${MOST_COLUMNS} different names`, got, 'use source: npy for large rows');
    }
  }
  return names;
}

function toCells(values: ReadonlyMap<string, Cell>, names: ReadonlyMap<string, number>): Cell[] {
  const cells = new Array<Cell>(names.size).fill(null);
  for (const [name, value] of values) cells[names.get(name)!] = value;
  return cells;
}

/** Those that are not blank, counted from 1 on. */
function* linesOf(bytes: Buffer): Generator<{ line: number; text: string }> {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    const text = bytes.toString('utf8', start, end).replace(/^\ufeff/, '');
    if (text.trim() !== '') yield { line, text };
    start = end + 1;
  }
}
