// A CSV file, plain or gzip → a source of float32 inputs and class labels or numbers; coordinator.

import { CsvRows } from './csv-rows.ts';
import { DataError } from './data-error.ts';
import { stampFile } from './input-file.ts';
import type { Source } from './source.ts';
import { type Table, TableBuilder, type TableOptions } from './table.ts';
import { openTable } from './table-source.ts';
import { readTextFile } from './text-file.ts';

/** What to make of the file; defaults are the config's. */
export interface CsvOptions extends TableOptions {
  /** One character. */
  delimiter: string;
}

const EXPECTED = 'a CSV file';

/**
 * Opens a CSV file: every row a sample, every column but the target, the id and the ignored ones an input, in the order of the file.
 * What the bytes are (gzip or plain) decides, not the name. Empty lines are skipped, blanks around cells dropped.
 *
 * @param path absolute
 * @throws DataError with file, line and column, for cells that do not fit, rows of another length, columns that are not there
 */
export function openCsv(path: string, options: CsvOptions, name = 'csv'): Source {
  return openTable(name, stampFile(path, EXPECTED), () => readCsv(path, options), options);
}

/** Reads a whole CSV file. */
export function readCsv(path: string, options: CsvOptions): Table {
  const rows = new CsvRows(path, readTextFile(path, EXPECTED), options.delimiter);
  if (!rows.next()) throw new DataError(path, 'at least one row of numbers', 'none', 'check the file');
  const table = new TableBuilder(path, rows.texts(), options);
  if (!table.hasHeader) table.add(rows);
  while (rows.next()) table.add(rows);
  return table.finish();
}
