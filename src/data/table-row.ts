// One row of a table as its readers hand it on, whatever file it comes from; coordinator.

/** The cells of the row that a reader stands at; they are gone when it goes to the next one. */
export interface TableRow {
  /** Where the row is, for errors: a line counted from 1. */
  readonly line: number;
  /** How many cells there are. */
  readonly cellCount: number;
  /** Writes the number in a cell into `out[at]`; NaN where it is none. */
  readNumber(column: number, out: Float64Array, at: number): void;
  /** A cell as text, without blanks around it; empty where there is nothing. */
  textAt(column: number): string;
}

/** Rows one after the other, in front of the first of them at the beginning. */
export interface RowCursor extends TableRow {
  /** Goes to the next row; false behind the last one. */
  next(): boolean;
}
