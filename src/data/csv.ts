// A CSV file, plain or gzip → a source of float32 inputs and class labels or numbers; coordinator.

import { gunzipSync } from 'node:zlib';
import { CsvRows } from './csv-rows.ts';
import { DataError } from './data-error.ts';
import { readInputFile } from './input-file.ts';
import type { Source } from './source.ts';
import { type Table, TableBuilder, type TableOptions } from './table.ts';
import { openTable } from './table-source.ts';

/** What to make of the file; defaults are the config's. */
export interface CsvOptions extends TableOptions {
  /** One character. */
  delimiter: string;
}

const EXPECTED = 'a CSV file';
// What Node reads into one buffer.
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Opens a CSV file: every row a sample, every column but the target, the id and the ignored ones an input, in the order of the file.
 * What the bytes are (gzip or plain) decides, not the name. Empty lines are skipped, blanks around cells dropped.
 *
 * @param path absolute
 * @throws DataError with file, line and column, for cells that do not fit, rows of another length, columns that are not there
 */
export function openCsv(path: string, options: CsvOptions): Source {
  return openTable('csv', () => readCsv(path, options), options);
}

/** Reads a whole CSV file. */
export function readCsv(path: string, options: CsvOptions): Table {
  const rows = new CsvRows(path, readContent(path), options.delimiter);
  if (!rows.next()) throw new DataError(path, 'at least one row of numbers', 'none', 'check the file');
  const table = new TableBuilder(path, rows.texts(), options);
  if (!table.hasHeader) table.add(rows);
  while (rows.next()) table.add(rows);
  return table.finish();
}

function readContent(path: string): Buffer {
  const content = readInputFile(path, EXPECTED);
  if (content.length === 0) throw new DataError(path, EXPECTED, 'an empty file', 'check the file');
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content;
  try {
    return gunzipSync(content, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    throw new DataError(path, 'a whole gzip file of at most 2 GiB', (cause as Error).message, 'fetch the file again', {
      cause,
    });
  }
}
