// Columns and the samples that are trained on → how cells become inputs, as plain data that is stored with the model; coordinator, pure.

import { isNumberCell, MissingCells, quoteCell } from './cell.ts';
import { DataError } from './data-error.ts';
import type { InputColumn } from './table-column.ts';

/** How one column's cells become inputs. It is written to preprocessing.json: whoever has that file needs no training data any more. */
export type FittedColumn = FittedNumber | FittedCategory;

/** (cell − mean) / deviation, then, where `indicator` is true, 1 for a missing cell and else 0. */
export interface FittedNumber {
  name: string;
  type: 'number';
  /** What a missing cell becomes before it is standardised; null where it is an error. */
  fill: number | null;
  /** 0 and 1 where nothing is standardised. */
  mean: number;
  deviation: number;
  indicator: boolean;
}

/** One input a category, 1 for the cell's and 0 for the others; all 0 for a missing cell; then the indicator. */
export interface FittedCategory {
  name: string;
  type: 'category';
  /** In the order of their UTF-16 code units. */
  categories: string[];
  /** Whether a cell may be missing. */
  mayMiss: boolean;
  indicator: boolean;
}

/** How targets become numbers. */
export type FittedTarget =
  | { name: string; type: 'class'; labels: string[] }
  | { name: string; type: 'number'; mean: number; deviation: number };

/** All of a table's preprocessing. */
export interface TablePreprocessing {
  kind: 'table';
  /** The texts that mean that there is nothing. */
  missingCells: readonly string[];
  inputs: FittedColumn[];
  target: FittedTarget;
}

/** What is fitted of a column. */
export interface ColumnCells extends Pick<InputColumn, 'kind' | 'categories'> {
  options: Pick<InputColumn['options'], 'name' | 'missing' | 'indicator' | 'standardize'>;
  values: Numbers;
}

/** Fits a column on the samples `trainIds` alone; categories are those of the whole file, so that the number of inputs does not depend on a split. */
export function fitColumn({ options, kind, categories, values }: ColumnCells, trainIds: Uint32Array): FittedColumn {
  const { name, missing, indicator, standardize } = options;
  if (kind === 'category') {
    const mayMiss = missing !== 'error' && missing !== 'drop';
    return { name, type: 'category', categories: [...categories].sort(), mayMiss, indicator };
  }
  const fill = fitFill(values, trainIds, missing);
  if (!standardize) return { name, type: 'number', fill, mean: 0, deviation: 1, indicator };
  const { mean, deviation } = moments(filled(values, trainIds, fill ?? 0));
  return { name, type: 'number', fill, mean, deviation, indicator };
}

/** Fits the mean and the deviation of number targets, or nothing. */
export function fitMoments(values: ArrayLike<number>, trainIds: Uint32Array): { mean: number; deviation: number } {
  const trained = new Float64Array(trainIds.length);
  for (let i = 0; i < trained.length; i++) trained[i] = values[trainIds[i]];
  return moments(trained);
}

interface Numbers {
  at(index: number): number;
}

function fitFill(values: Numbers, trainIds: Uint32Array, missing: InputColumn['options']['missing']): number | null {
  if (typeof missing === 'number') return missing;
  if (missing === 'error' || missing === 'drop') return null;
  const present = presentValues(values, trainIds);
  if (present.length === 0) return 0;
  return missing === 'mean' ? moments(present).mean : median(present);
}

/** What is not missing. A loop, as `filter` of a typed array took a sixth of the time to read a table. */
function presentValues(values: Numbers, trainIds: Uint32Array): Float64Array {
  const present = new Float64Array(trainIds.length);
  let count = 0;
  for (let i = 0; i < trainIds.length; i++) {
    const value = values.at(trainIds[i]);
    if (!Number.isNaN(value)) present[count++] = value;
  }
  return present.subarray(0, count);
}

function filled(values: Numbers, trainIds: Uint32Array, fill: number): Float64Array {
  const out = new Float64Array(trainIds.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = values.at(trainIds[i]);
    if (Number.isNaN(out[i])) out[i] = fill;
  }
  return out;
}

/** The mean, and the standard deviation of the population; 1 in place of 0, so that a constant column becomes 0 everywhere. */
function moments(values: Float64Array): { mean: number; deviation: number } {
  const mean = sum(values) / values.length;
  let squares = 0;
  // The rounding of the mean leaves a constant column a variance of its own.
  let isConstant = true;
  for (let i = 0; i < values.length; i++) {
    squares += (values[i] - mean) * (values[i] - mean);
    if (values[i] !== values[0]) isConstant = false;
  }
  if (isConstant) return { mean: values[0], deviation: 1 };
  return { mean, deviation: squares === 0 ? 1 : Math.sqrt(squares / values.length) };
}

/** From the first to the last: its bits are a function of the values' order. */
function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Inputs that a column becomes. */
export function columnWidth(column: FittedColumn): number {
  return (column.type === 'number' ? 1 : column.categories.length) + (column.indicator ? 1 : 0);
}

/** Names of the inputs: `age`, `age missing`, `island=Biscoe`. */
export function inputNames(column: FittedColumn): string[] {
  const names =
    column.type === 'number' ? [column.name] : column.categories.map((category) => `${column.name}=${category}`);
  return column.indicator ? [...names, `${column.name} missing`] : names;
}

/** Writes what a number, or a category's index, becomes; NaN is a missing cell. `out` may be a view of shared memory and is 0 where not written. */
export function encodeValue(column: FittedColumn, value: number, out: Float32Array, at: number): void {
  const isMissing = Number.isNaN(value);
  if (column.type === 'number') {
    out[at] = ((isMissing ? (column.fill ?? 0) : value) - column.mean) / column.deviation;
  } else {
    out.fill(0, at, at + column.categories.length);
    if (!isMissing) out[at + value] = 1;
  }
  if (column.indicator) out[at + columnWidth(column) - 1] = isMissing ? 1 : 0;
}

/** Rows of texts to inputs, one row after the other. */
export interface RowEncoder {
  /** Inputs of a row. */
  readonly width: number;
  /**
   * Writes the inputs of a row from `out[at]` on: what training made of the same cells. `cellAt(i)` is the cell of column `i` of
   * `inputs`; `where` names the row.
   * @throws DataError for cells that training would have refused, and for categories that it did not know
   */
  encode(cellAt: (column: number) => string, where: () => string, out: Float32Array, at: number): void;
}

/** An encoder for the columns of a table. */
export function createRowEncoder({
  inputs,
  missingCells,
}: Pick<TablePreprocessing, 'inputs' | 'missingCells'>): RowEncoder {
  const missing = new MissingCells(missingCells);
  const columns = inputs.map((column) => ({
    column,
    width: columnWidth(column),
    codes: column.type === 'category' ? new Map(column.categories.map((text, code) => [text, code])) : NO_CODES,
  }));
  return {
    width: columns.reduce((total, { width }) => total + width, 0),
    encode(cellAt, where, out, at) {
      for (const [i, { column, width, codes }] of columns.entries()) {
        encodeValue(column, cellValue(column, codes, cellAt(i), missing, where), out, at);
        at += width;
      }
    },
  };
}

const NO_CODES: ReadonlyMap<string, number> = new Map();

/** The inputs of one row of texts, one for each of `inputs`. */
export function encodeRow(preprocessing: TablePreprocessing, cells: readonly string[], where: string): Float32Array {
  const encoder = createRowEncoder(preprocessing);
  const out = new Float32Array(encoder.width);
  encoder.encode(
    (column) => cells[column],
    () => where,
    out,
    0,
  );
  return out;
}

function cellValue(
  column: FittedColumn,
  codes: ReadonlyMap<string, number>,
  cell: string,
  missing: MissingCells,
  where: () => string,
): number {
  const refuse = (expected: string) => {
    throw new DataError(
      `${where()} column ${JSON.stringify(column.name)}`,
      expected,
      quoteCell(cell),
      'correct the cell',
    );
  };
  const value = isNumberCell(cell) ? Number(cell) : Number.NaN;
  if (missing.hasText(cell) || missing.hasNumber(value)) {
    const mayMiss = column.type === 'number' ? column.fill !== null : column.mayMiss;
    return mayMiss ? Number.NaN : refuse('a cell that is not missing, as in training');
  }
  if (column.type === 'category') {
    const code = codes.get(cell);
    return (
      code ?? refuse(`one of ${column.categories.slice(0, 12).join(', ')}${column.categories.length > 12 ? ', …' : ''}`)
    );
  }
  return Number.isNaN(value) ? refuse('a number') : value;
}
