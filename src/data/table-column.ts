// One input column of a table, cell by cell → numbers, or the categories that its texts are; coordinator.

import { type MissingCells, quoteCell } from './cell.ts';
import { DataError } from './data-error.ts';
import { GrowingNumbers } from './growing-numbers.ts';
import type { TableRow } from './table-row.ts';

/** How missing cells of a column are filled; a number is the constant itself. */
export type MissingPolicy = 'error' | 'drop' | 'mean' | 'median' | number;

/** What is known of a column before its cells are read. */
export interface InputColumnOptions {
  /** The column's index in its file. */
  index: number;
  name: string;
  /** `column "x"`: for errors. */
  label: string;
  type: 'auto' | 'number' | 'category';
  missing: MissingPolicy;
  /** One input more, 1 where the cell is missing. */
  indicator: boolean;
  standardize: boolean;
}

// More texts than this are rather names than categories.
const MOST_AUTO_CATEGORIES = 100;
const CELL_ADVICE =
  'correct the cell, list the column in data.ignore, or say its type in data.columns (category takes any text)';
const MISSING_ADVICE = 'correct the cell, list the column in data.ignore, or set data.missing';

/**
 * The cells of an input column. With `type: auto` the first cell that is not missing decides: a number makes it a column of numbers, any
 * other text a column of categories, and a cell of the other kind is an error from then on.
 */
export class InputColumn {
  readonly options: InputColumnOptions;
  /** The number, or the index in `categories`, of each sample; NaN where it is missing. */
  readonly values = new GrowingNumbers();
  /** In the order in which they come up. */
  readonly categories: string[] = [];
  missingCount = 0;
  /** Null while all cells were missing. */
  kind: 'number' | 'category' | null;
  readonly #indexOf = new Map<string, number>();
  readonly #missingCells: MissingCells;
  #firstText = '';
  #firstLine = 0;
  /** The number that was looked at: an array of one, as a field would be a new object for each double. */
  readonly #number = new Float64Array(1);
  #text: string | null = null;

  constructor(options: InputColumnOptions, missingCells: MissingCells) {
    this.options = options;
    this.kind = options.type === 'auto' ? null : options.type;
    this.#missingCells = missingCells;
  }

  /**
   * Looks at the row's cell and keeps it until `add`, so that a row is added whole or not at all.
   *
   * @param where names the row
   * @returns whether the cell is missing
   * @throws DataError for a cell that does not fit the column
   */
  look(row: TableRow, where: () => string): boolean {
    const { index, label, missing } = this.options;
    this.#text = null;
    const number = this.#number;
    if (this.kind === 'category') number[0] = Number.NaN;
    else row.readNumber(index, number, 0);
    const isMissingNumber = this.#missingCells.hasNumber(number[0]);
    if (isFloat32(number[0]) && !isMissingNumber) return false;
    const text = row.textAt(index);
    if (isMissingNumber || this.#missingCells.hasText(text)) {
      number[0] = Number.NaN;
      if (missing !== 'error') return true;
      const expected = this.kind === 'category' ? 'a category' : 'a number';
      throw new DataError(`${where()} ${label}`, expected, quoteCell(text), MISSING_ADVICE);
    }
    if (!this.#takesText(text)) {
      const isLarge = !Number.isNaN(number[0]);
      const expected = isLarge ? 'a number that float32 can hold' : 'a number';
      throw new DataError(`${where()} ${label}`, expected, quoteCell(text), CELL_ADVICE);
    }
    if (this.options.type === 'auto' && this.kind === 'category' && looksLikeNumber(text)) {
      const expected = `a category, as in line ${this.#firstLine} (${quoteCell(this.#firstText)})`;
      throw new DataError(`${where()} ${label}`, expected, quoteCell(text), CELL_ADVICE);
    }
    this.#text = text;
    return false;
  }

  /** Adds the cell that was looked at. @throws DataError where texts are too many to be meant as categories. */
  add(line: number, where: () => string): void {
    if (this.#text !== null) {
      if (this.kind === null) this.#firstText = this.#text;
      if (this.kind === null) this.#firstLine = line;
      this.kind = 'category';
      this.values.push(this.#categoryIndex(this.#text, where));
      return;
    }
    if (Number.isNaN(this.#number[0])) this.missingCount++;
    else this.kind ??= 'number';
    this.values.push(this.#number[0]);
  }

  #takesText(text: string): boolean {
    return this.kind === 'category' || (this.kind === null && !looksLikeNumber(text));
  }

  #categoryIndex(text: string, where: () => string): number {
    const known = this.#indexOf.get(text);
    if (known !== undefined) return known;
    if (this.options.type === 'auto' && this.categories.length === MOST_AUTO_CATEGORIES) {
      const expected = `at most ${MOST_AUTO_CATEGORIES} categories in a column of texts`;
      const advice = 'list the column in data.ignore, or set its type to category in data.columns';
      throw new DataError(`${where()} ${this.options.label}`, expected, `one more, ${quoteCell(text)}`, advice);
    }
    this.#indexOf.set(text, this.categories.length);
    return this.categories.push(text) - 1;
  }
}

function isFloat32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

/** What some program wrote as a number, though none that can be taken: `0x10`, `Infinity`, `1e39`. */
function looksLikeNumber(text: string): boolean {
  return !Number.isNaN(Number(text));
}
