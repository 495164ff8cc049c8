// The text of one cell of a table → a finite number or one clear error; coordinator.

import { DataError } from './data-error.ts';

// Stricter than JavaScript's Number, which takes the empty text for 0 and reads 0x10, 0b1 and Infinity.
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whether the cell is a decimal number that float32 can hold: no NaN, no infinity, not empty. */
export function isNumberCell(cell: string): boolean {
  return DECIMAL.test(cell) && Number.isFinite(Math.fround(Number(cell)));
}

/**
 * The number in a cell.
 *
 * @param where names the cell; called only for the error
 * @throws DataError for anything but a decimal number that float32 can hold
 */
export function parseNumberCell(cell: string, where: () => string, advice: string): number {
  if (isNumberCell(cell)) return Number(cell);
  const expected = DECIMAL.test(cell) ? 'a number that float32 can hold' : 'a number';
  throw new DataError(where(), expected, quoteCell(cell), advice);
}

// A cell can be a whole file where a quote was forgotten.
const MOST_SHOWN = 40;

/** A cell as errors show it. */
export function quoteCell(cell: string): string {
  if (cell === '') return 'an empty cell';
  return JSON.stringify(cell.length > MOST_SHOWN ? `${cell.slice(0, MOST_SHOWN)}…` : cell);
}

/** What usual programs write where there is nothing. */
const USUAL_MISSING = ['NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', '?'];

/** The cells that mean that there is nothing: the empty one, those that are said, else the usual ones; -999 also where it is written -999.0. */
export class MissingCells {
  readonly texts: readonly string[];
  readonly #texts: ReadonlySet<string>;
  readonly #numbers: ReadonlySet<number>;

  constructor(said: readonly string[] = USUAL_MISSING) {
    this.texts = [...new Set(['', ...said])];
    this.#texts = new Set(this.texts);
    this.#numbers = new Set(said.filter(isNumberCell).map(Number));
  }

  hasText(text: string): boolean {
    return this.#texts.has(text);
  }

  hasNumber(value: number): boolean {
    return this.#numbers.size > 0 && this.#numbers.has(value);
  }
}
