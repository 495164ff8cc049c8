// The first row of a table and the options → which columns are inputs, target, id and key of a split; coordinator.

import { isNumberCell } from './cell.ts';
import { DataError } from './data-error.ts';

/** A column's name in the header, or its index from 0 on. */
export type ColumnChoice = string | number;

/** The options that concern columns. */
export interface ColumnOptions {
  target: ColumnChoice;
  header?: 'auto' | boolean;
  ignore: readonly ColumnChoice[];
  /** Names the samples; no input. */
  id?: ColumnChoice;
  /** The weight of a row in the loss; no input. */
  weight?: ColumnChoice;
  /** What a split by group or time goes by; no input. */
  splitBy?: ColumnChoice;
  columns?: readonly { name: ColumnChoice }[];
}

/** The columns of one file, by index. */
export interface TableColumns {
  hasHeader: boolean;
  count: number;
  /** As the header has them; the indices where there is none. */
  names: string[];
  /** `column "x"`, or `column 3` where there is no header: for errors. */
  labels: string[];
  target: number;
  id: number | null;
  splitBy: number | null;
  weight: number | null;
  /** None of the others and not ignored, in the order of the file. */
  inputs: number[];
  /** For each item of `columns`, the input that it is about. */
  described: number[];
}

/**
 * Finds the columns. With `header: auto` the first row is a header where the options name a column, or where none of its
 * cells is a number.
 *
 * @throws DataError for columns that are not there, names without a header, two roles for one column, nothing left as input
 */
export function chooseColumns(path: string, firstRow: readonly string[], options: ColumnOptions): TableColumns {
  const { header = 'auto', columns = [] } = options;
  const hasHeader = header === 'auto' ? looksLikeHeader(firstRow, options) : header;
  const find = (choice: ColumnChoice, key: string) =>
    findColumn(path, hasHeader ? firstRow : null, firstRow.length, choice, { key, isDelimited: isCsv(options) });
  const findIf = (choice: ColumnChoice | undefined, key: string) => (choice === undefined ? null : find(choice, key));
  const target = find(options.target, 'data.target');
  const id = findIf(options.id, 'data.id');
  const splitBy = findIf(options.splitBy, 'data.splitBy');
  const weight = findIf(options.weight, 'data.weight');
  const ignored = new Set(options.ignore.map((choice, i) => find(choice, `data.ignore[${i}]`)));
  refuseTwoRoles(options, { target, id, splitBy, weight }, ignored);
  const inputs = Array.from(firstRow.keys()).filter(
    (column) => ![target, id, splitBy, weight].includes(column) && !ignored.has(column),
  );
  if (inputs.length === 0) {
    const got = `${firstRow.length}, of which none is left`;
    throw new DataError(
      path,
      'columns beside the target and the ignored ones',
      got,
      isCsv(options) ? 'check data.delimiter and data.ignore' : 'check data.ignore',
    );
  }
  const described = columns.map(({ name }, i) => find(name, `data.columns[${i}].name`));
  refuseDescriptions(columns, described, inputs);
  const names = firstRow.map((name, column) => (hasHeader ? name : `${column}`));
  const labels = names.map((name) => (hasHeader ? `column ${JSON.stringify(name)}` : `column ${name}`));
  return { hasHeader, count: firstRow.length, names, labels, target, id, splitBy, weight, inputs, described };
}

/** Whether a file's cells stand between delimiters, which may be the wrong ones. */
export function isCsv(options: object): boolean {
  return 'delimiter' in options;
}

function refuseTwoRoles(
  options: ColumnOptions,
  { target, id, splitBy, weight }: Pick<TableColumns, 'target' | 'id' | 'splitBy' | 'weight'>,
  ignored: ReadonlySet<number>,
): void {
  if (ignored.has(target)) {
    throw new DataError(
      'data.ignore',
      'columns other than the target',
      `${options.target}`,
      'take the target off the list',
    );
  }
  if (id === target) throw new DataError('data.id', 'a column other than the target', `${options.id}`, 'remove it');
  if (weight === target)
    throw new DataError('data.weight', 'a column other than the target', `${options.weight}`, 'remove it');
  if (splitBy === target)
    throw new DataError(
      'data.splitBy',
      'a column other than the target',
      `${options.splitBy}`,
      'use split: stratified',
    );
}

function refuseDescriptions(
  columns: readonly { name: ColumnChoice }[],
  described: readonly number[],
  inputs: readonly number[],
): void {
  for (const [i, column] of described.entries()) {
    const where = `data.columns[${i}].name`;
    if (!inputs.includes(column))
      throw new DataError(where, 'a column that is an input', `${columns[i].name}`, 'remove the item');
    if (described.indexOf(column) < i)
      throw new DataError(where, 'each column once', `${columns[i].name} again`, 'join the items');
  }
}

function looksLikeHeader(firstRow: readonly string[], options: ColumnOptions): boolean {
  const { target, ignore, id, splitBy, weight, columns = [] } = options;
  const choices = [target, ...ignore, id, splitBy, weight, ...columns.map(({ name }) => name)];
  return choices.some((choice) => typeof choice === 'string') || !firstRow.some(isNumberCell);
}

function findColumn(
  path: string,
  header: readonly string[] | null,
  count: number,
  choice: ColumnChoice,
  { key, isDelimited }: { key: string; isDelimited: boolean },
): number {
  if (typeof choice === 'number') {
    if (choice < count) return choice;
    const expected = `a column index below ${count}, the number of columns in ${path}`;
    throw new DataError(
      key,
      expected,
      `${choice}`,
      isDelimited ? 'count columns from 0, and check data.delimiter' : 'count columns from 0',
    );
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
      isDelimited ? 'check the name and data.delimiter' : 'check the name',
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
