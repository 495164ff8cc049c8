// Values that a file has with their types → a row of a table; coordinator.

import { isNumberCell } from './cell.ts';
import type { TableRow } from './table-row.ts';

/** What a cell may be; null and undefined are missing. */
export type Cell = number | string | boolean | bigint | null | undefined;

/** A row of values. A text that is a number is a number, as in CSV; truth values are the texts `true` and `false`. */
export class CellRow implements TableRow {
  line = 0;
  cells: readonly Cell[] = [];

  get cellCount(): number {
    return this.cells.length;
  }

  readNumber(column: number, out: Float64Array, at: number): void {
    const cell = this.cells[column];
    if (typeof cell === 'number' || typeof cell === 'bigint') out[at] = Number(cell);
    else out[at] = typeof cell === 'boolean' || cell == null ? Number.NaN : numberOf(`${cell}`.trim());
  }

  textAt(column: number): string {
    return `${this.cells[column] ?? ''}`.trim();
  }
}

function numberOf(text: string): number {
  return isNumberCell(text) ? Number(text) : Number.NaN;
}
