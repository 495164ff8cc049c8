// The first row of a CSV file and the options → which columns are inputs, which is the target; coordinator.

import { isNumberCell } from './csv-cell.ts';
import { DataError } from './data-error.ts';

/** A column's name in the header, or its index from 0 on. */
export type ColumnChoice = string | number;

/** The options that concern columns. */
export interface ColumnOptions {
  target: ColumnChoice;
  header: 'auto' | boolean;
  ignore: readonly ColumnChoice[];
}

/** The columns of one file. */
export interface CsvColumns {
  hasHeader: boolean;
  count: number;
  /** `column "x"`, or `column 3` where there is no header: for errors. */
  labels: string[];
  target: number;
  /** Neither the target nor ignored, in the order of the file. */
  inputs: number[];
}

/**
 * Finds the columns. With `header: auto` the first row is a header where the options name a column, or where none of its
 * cells is a number.
 *
 * @throws DataError for columns that are not there, names without a header, nothing left as input
 */
export function chooseColumns(path: string, firstRow: readonly string[], options: ColumnOptions): CsvColumns {
  const hasHeader = options.header === 'auto' ? looksLikeHeader(firstRow, options) : options.header;
  const find = (choice: ColumnChoice, key: string) =>
    findColumn(path, hasHeader ? firstRow : null, firstRow.length, choice, key);
  const target = find(options.target, 'data.target');
  const ignored = new Set(options.ignore.map((choice, i) => find(choice, `data.ignore[${i}]`)));
  if (ignored.has(target)) {
    throw new DataError(
      'data.ignore',
      'columns other than the target',
      `${options.target}`,
      'take the target off the list',
    );
  }
  const inputs = Array.from(firstRow.keys()).filter((column) => column !== target && !ignored.has(column));
  if (inputs.length === 0) {
    const got = `${firstRow.length}, of which none is left`;
    throw new DataError(
      path,
      'columns beside the target and the ignored ones',
      got,
      'check data.delimiter and data.ignore',
    );
  }
  const labels = firstRow.map((name, column) => (hasHeader ? `column ${JSON.stringify(name)}` : `column ${column}`));
  return { hasHeader, count: firstRow.length, labels, target, inputs };
}

function looksLikeHeader(firstRow: readonly string[], { target, ignore }: ColumnOptions): boolean {
  return [target, ...ignore].some((choice) => typeof choice === 'string') || !firstRow.some(isNumberCell);
}

function findColumn(
  path: string,
  header: readonly string[] | null,
  count: number,
  choice: ColumnChoice,
  key: string,
): number {
  if (typeof choice === 'number') {
    if (choice < count) return choice;
    const expected = `a column index below ${count}, the number of columns in ${path}`;
    throw new DataError(key, expected, `${choice}`, 'count columns from 0, and check data.delimiter');
  }
  if (header === null) {
    const advice = 'set data.header to true, or give the index';
    throw new DataError(key, `a column index, as ${path} is read without a header`, JSON.stringify(choice), advice);
  }
  const column = header.indexOf(choice);
  if (column < 0) {
    throw new DataError(
      key,
      `a column of ${path} (${listNames(header)})`,
      JSON.stringify(choice),
      'check the name and data.delimiter',
    );
  }
  if (header.includes(choice, column + 1)) {
    const got = `${JSON.stringify(choice)}, the name of several`;
    throw new DataError(key, `the name of one column of ${path}`, got, 'give the index instead');
  }
  return column;
}

const MOST_LISTED = 12;

function listNames(names: readonly string[]): string {
  return names.slice(0, MOST_LISTED).join(', ') + (names.length > MOST_LISTED ? ', …' : '');
}
