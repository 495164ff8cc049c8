// The rows of a file → columns of checked cells, with what was left out and why; coordinator.

import { isNumberCell, MissingCells, quoteCell } from './cell.ts';
import { DataError } from './data-error.ts';
import { GrowingNumbers } from './growing-numbers.ts';
import { InputColumn, type InputColumnOptions, type MissingPolicy } from './table-column.ts';
import { type ColumnChoice, type ColumnOptions, chooseColumns, isCsv, type TableColumns } from './table-columns.ts';
import type { TableRow } from './table-row.ts';
import { resolveTarget, type TableTarget, type TableTask, TargetCells } from './table-target.ts';

/** What is made of a table. */
export interface TableOptions extends ColumnOptions {
  task: TableTask;
  columns?: readonly ColumnDescription[];
  missing: MissingPolicy;
  indicator: boolean;
  /** Texts that mean that there is nothing; an empty cell always does. */
  missingCells?: readonly string[];
  standardize: boolean;
  standardizeTarget: boolean;
  onBadSample: 'error' | 'skip';
}

/** What is said of one column in place of what is said of all. */
export interface ColumnDescription {
  name: ColumnChoice;
  type?: 'number' | 'category';
  missing?: MissingPolicy;
  indicator?: boolean;
  standardize?: boolean;
}

/** A whole table; sample i is the i-th row that was kept. */
export interface Table {
  path: string;
  columns: TableColumns;
  samples: number;
  inputs: InputColumn[];
  target: TableTarget;
  /** The line of each sample. */
  lines: GrowingNumbers;
  /** What each sample has in the column that the split goes by; null without one. */
  splitKeys: string[] | null;
  /** What each sample weighs in the loss; null without a column for it. */
  weights: GrowingNumbers | null;
  /** What names each sample; null without an id column. */
  ids: string[] | null;
  /** Texts that mean that there is nothing. */
  missingCells: readonly string[];
  /** Rows that were left out because cells are missing. */
  droppedCount: number;
  /** Rows that were left out because they do not fit, and what was wrong with the first of them. */
  skippedCount: number;
  firstSkipped: string[];
}

const MOST_SHOWN = 3;

/** Collects rows, the first of which may be a header. */
export class TableBuilder {
  readonly #path: string;
  readonly #options: TableOptions;
  readonly #missingCells: MissingCells;
  readonly #columns: TableColumns;
  readonly #inputs: InputColumn[];
  readonly #targets = new TargetCells();
  readonly #lines = new GrowingNumbers();
  readonly #splitKeys: string[] = [];
  readonly #ids: string[] = [];
  readonly #weights = new GrowingNumbers();
  readonly #firstSkipped: string[] = [];
  #skippedCount = 0;
  #droppedCount = 0;

  /** @param firstRow names or cells; where it holds cells, it has to be added too. */
  constructor(path: string, firstRow: readonly string[], options: TableOptions) {
    this.#path = path;
    this.#options = options;
    this.#missingCells = new MissingCells(options.missingCells);
    this.#columns = chooseColumns(path, firstRow, options);
    this.#inputs = this.#columns.inputs.map(
      (index) => new InputColumn(inputOptions(this.#columns, index, options), this.#missingCells),
    );
  }

  get hasHeader(): boolean {
    return this.#columns.hasHeader;
  }

  /** The indices of the columns whose cells are read. */
  get usedColumns(): number[] {
    const { inputs, target, id, splitBy } = this.#columns;
    return [...new Set([...inputs, target, ...[id, splitBy].flatMap((column) => column ?? [])])];
  }

  /** Adds a row. @throws DataError for one that does not fit, unless such rows are skipped. */
  add(row: TableRow): void {
    const { line } = row;
    const where = () => `${this.#path}:${line}`;
    try {
      if (!this.#look(row, where)) {
        this.#droppedCount++;
        return;
      }
    } catch (cause) {
      this.leaveOut(cause);
      return;
    }
    for (const input of this.#inputs) input.add(line, where);
    const { target, splitBy, id, weight } = this.#columns;
    this.#targets.add(row.textAt(target), line);
    this.#lines.push(line);
    if (splitBy !== null) this.#splitKeys.push(row.textAt(splitBy));
    if (id !== null) this.#ids.push(row.textAt(id));
    if (weight !== null) this.#weights.push(Number(row.textAt(weight)));
  }

  /** Counts a row that does not fit, or could not even be read. @throws the cause, unless such rows are skipped */
  leaveOut(cause: unknown): void {
    if (this.#options.onBadSample === 'error' || !(cause instanceof DataError)) throw cause;
    this.#skippedCount++;
    if (this.#firstSkipped.length < MOST_SHOWN) this.#firstSkipped.push(cause.message.split(';')[0]);
  }

  /** Looks at all cells of a row; false where it is to be dropped. */
  #look(row: TableRow, where: () => string): boolean {
    const { count, target, labels, weight } = this.#columns;
    if (row.cellCount !== count) {
      const expected = `${count} columns, as in the first row`;
      throw new DataError(where(), expected, `${row.cellCount}`, 'correct the line, or check data.delimiter');
    }
    if (weight !== null) checkWeight(row.textAt(weight), () => `${where()} ${labels[weight]}`);
    let isKept = true;
    for (const input of this.#inputs) {
      if (input.look(row, where) && input.options.missing === 'drop') isKept = false;
    }
    const { missing, onBadSample, task } = this.#options;
    // Other targets are refused when all of them are known: what they are to be is not before.
    if (missing !== 'drop' && onBadSample !== 'skip') return isKept;
    const text = row.textAt(target);
    if (this.#missingCells.hasText(text)) {
      if (missing === 'drop') return false;
      throw new DataError(`${where()} ${labels[target]}`, 'a target', quoteCell(text), 'fill it in');
    }
    if (onBadSample === 'skip' && task === 'regression' && !isNumberCell(text)) {
      throw new DataError(`${where()} ${labels[target]}`, 'a number', quoteCell(text), 'correct it');
    }
    return isKept;
  }

  /** The table. @throws DataError where no row is left, more rows were skipped than kept, or the targets are none. */
  finish(): Table {
    const path = this.#path;
    const samples = this.#lines.length;
    if (this.#skippedCount > samples) {
      const got = `${this.#skippedCount} of ${this.#skippedCount + samples} rows skipped, such as ${this.#firstSkipped[0]}`;
      const advice = `check ${isCsv(this.#options) ? 'data.delimiter, data.header and ' : ''}the types of the columns`;
      throw new DataError(path, 'at most half of the rows to be bad samples', got, advice);
    }
    if (samples === 0) {
      const got = this.#droppedCount === 0 ? 'none' : `${this.#droppedCount}, each with a missing cell`;
      throw new DataError(path, 'at least one row of numbers', got, 'check the file');
    }
    const { labels, target, splitBy, id, weight } = this.#columns;
    const where = (line: number) => `${path}:${line} ${labels[target]}`;
    return {
      path,
      columns: this.#columns,
      samples,
      inputs: this.#inputs,
      target: resolveTarget(this.#targets, this.#options.task, where),
      lines: this.#lines,
      splitKeys: splitBy === null ? null : this.#splitKeys,
      ids: id === null ? null : this.#ids,
      weights: weight === null ? null : this.#weights,
      missingCells: this.#missingCells.texts,
      droppedCount: this.#droppedCount,
      skippedCount: this.#skippedCount,
      firstSkipped: this.#firstSkipped,
    };
  }
}

function checkWeight(text: string, where: () => string): void {
  if (isNumberCell(text) && Number(text) >= 0) return;
  throw new DataError(where(), 'a weight of 0 or more', quoteCell(text), 'correct the cell');
}

/** What is said of an input column, or of all. */
export function inputOptions(columns: TableColumns, index: number, options: TableOptions): InputColumnOptions {
  const said = columns.described.indexOf(index);
  const description = said < 0 ? undefined : options.columns?.[said];
  return {
    index,
    name: columns.names[index],
    label: columns.labels[index],
    type: description?.type ?? 'auto',
    missing: description?.missing ?? options.missing,
    indicator: description?.indicator ?? options.indicator,
    standardize: description?.standardize ?? options.standardize,
  };
}
