// A Parquet file and the roles of its columns → a folder of raw cells that is read by blocks; the converter's process.
//
// First one column after the other, for what its cells are; then one row group after the other, for the rows. So what has to fit into memory
// is one column, one row group and the targets.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MissingCells } from './cell.ts';
import { DataError } from './data-error.ts';
import { GrowingNumbers } from './growing-numbers.ts';
import { openParquetFile, type ParquetFile, ParquetRow } from './parquet-file.ts';
import { NpyWriter } from './shard-file-writer.ts';
import { type CellTable, STORED, type StoredColumn } from './stored-table.ts';
import { inputOptions, type TableOptions } from './table.ts';
import { InputColumn } from './table-column.ts';
import { chooseColumns, type TableColumns } from './table-columns.ts';
import { resolveTarget, type TableTarget, TargetCells } from './table-target.ts';
import { inputWarnings } from './table-warnings.ts';

/** Writes the folder under another name and renames it when it is whole. @throws DataError whatever is wrong with the file */
export async function convertParquet(path: string, options: TableOptions, folder: string): Promise<void> {
  const file = await openParquetFile(path);
  const part = `${folder}.${process.pid}.part`;
  mkdirSync(part, { recursive: true });
  try {
    await new Converter(file, options, part).convert();
    replaceFolder(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Whoever was faster has made the same. */
function replaceFolder(part: string, folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  try {
    renameSync(part, folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

class Converter {
  readonly #file: ParquetFile;
  readonly #options: TableOptions;
  readonly #folder: string;
  readonly #columns: TableColumns;
  readonly #missing: MissingCells;
  readonly #row: ParquetRow;
  /** By row of the file: 1 where it is left out. */
  readonly #left: Uint8Array;
  #dropped = 0;
  #skipped = 0;
  readonly #firstSkipped: string[] = [];

  constructor(file: ParquetFile, options: TableOptions, folder: string) {
    this.#file = file;
    this.#options = options;
    this.#folder = folder;
    this.#columns = chooseColumns(file.path, file.names, { ...options, header: true });
    this.#missing = new MissingCells(options.missingCells);
    this.#row = new ParquetRow(file.names.length);
    this.#left = new Uint8Array(file.rows);
  }

  async convert(): Promise<void> {
    const { inputs, target, splitBy, labels, names } = this.#columns;
    await this.#leaveOut();
    const samples = this.#file.rows - this.#dropped - this.#skipped;
    this.#checkKept(samples);
    const targets = await this.#readTarget();
    const stored: StoredColumn[] = [];
    const warnings = this.#leftOutWarnings();
    for (const index of inputs) {
      const column = this.#newColumn(index);
      await this.#eachRow([index], (line) => {
        column.look(this.#row, () => this.#where(line));
        column.add(line, () => this.#where(line));
      });
      const { path } = this.#file;
      warnings.push(...inputWarnings({ path, samples, target: targets, targetLabel: labels[target] }, column));
      const { name, missing } = column.options;
      const categories = [...column.categories].sort();
      const { kind, missingCount } = column;
      stored.push({ index, name, kind: kind ?? 'number', categories, missing, missingCount });
    }
    await this.#writeCells(stored, targets);
    const keys = splitBy === null ? null : await this.#writeKeys(splitBy);
    const hasRows = samples < this.#file.rows;
    if (hasRows) this.#writeRows();
    const about: CellTable = {
      samples,
      inputs: stored,
      target: {
        name: names[target],
        classes: targets.target.kind === 'class' ? targets.target.classes : null,
        labels: targets.labels ?? null,
      },
      missingCells: [...this.#missing.texts],
      warnings,
      hasRows,
      splitKeys: keys,
    };
    writeFileSync(join(this.#folder, STORED.about), JSON.stringify(about));
  }

  #where(line: number): string {
    return `${this.#file.path}: row ${line}`;
  }

  #newColumn(index: number): InputColumn {
    return new InputColumn(inputOptions(this.#columns, index, this.#options), this.#missing);
  }

  /** Goes through the rows that are kept, standing at each with the cells of these columns. Lines count from 0. */
  async #eachRow(columns: readonly number[], visit: (line: number) => void, afterGroup = () => {}): Promise<void> {
    let line = 0;
    for (let group = 0; group < this.#file.groups; group++) {
      const cells = await this.#file.readGroup(group, columns);
      for (const [i, column] of columns.entries()) this.#row.setColumn(column, cells[i]);
      for (let i = 0; i < cells[0].length; i++, line++) {
        if (this.#left[line] === 1) continue;
        this.#row.moveTo(i, line);
        visit(line);
      }
      afterGroup();
    }
  }

  /** Marks rows that are dropped for a missing cell or skipped as they do not fit; nothing is read where neither is asked for. */
  async #leaveOut(): Promise<void> {
    const { onBadSample, missing } = this.#options;
    const { inputs, target } = this.#columns;
    for (const index of inputs) {
      const column = this.#newColumn(index);
      if (onBadSample !== 'skip' && column.options.missing !== 'drop') continue;
      await this.#eachRow([index], (line) => {
        try {
          const isMissing = column.look(this.#row, () => this.#where(line));
          if (isMissing && column.options.missing === 'drop') this.#mark(line, null);
          else column.add(line, () => this.#where(line));
        } catch (cause) {
          if (onBadSample !== 'skip' || !(cause instanceof DataError)) throw cause;
          this.#mark(line, cause.message.split(';')[0]);
        }
      });
    }
    if (missing !== 'drop') return;
    await this.#eachRow([target], (line) => {
      if (this.#missing.hasText(this.#row.textAt(target))) this.#mark(line, null);
    });
  }

  #mark(line: number, reason: string | null): void {
    this.#left[line] = 1;
    if (reason === null) this.#dropped++;
    else if (this.#skipped++ < MOST_SHOWN) this.#firstSkipped.push(reason);
  }

  #checkKept(samples: number): void {
    const { path, rows } = this.#file;
    if (samples > 0 && this.#skipped <= samples) return;
    const [first = 'none'] = this.#firstSkipped;
    const got = this.#skipped > 0 ? `${this.#skipped} of ${rows} rows skipped, such as ${first}` : 'none';
    throw new DataError(path, 'rows to train on, most of them good', got, 'check the types of the columns');
  }

  #leftOutWarnings(): string[] {
    const { path, rows } = this.#file;
    const warnings: string[] = [];
    if (this.#skipped > 0)
      warnings.push(`${path}: skipped ${this.#skipped} of ${rows} rows: ${this.#firstSkipped.join('; ')}`);
    if (this.#dropped > 0)
      warnings.push(`${path}: dropped ${this.#dropped} of ${rows} rows, in which cells are missing`);
    return warnings;
  }

  async #readTarget(): Promise<TableTarget> {
    const { target, labels } = this.#columns;
    const cells = new TargetCells();
    await this.#eachRow([target], (line) => cells.add(this.#row.textAt(target), line));
    return resolveTarget(cells, this.#options.task, (line) => `${this.#where(line)} ${labels[target]}`);
  }

  async #writeCells(stored: readonly StoredColumn[], { values }: TableTarget): Promise<void> {
    const { inputs } = this.#columns;
    const width = inputs.length + 1;
    const writer = new NpyWriter(join(this.#folder, STORED.cells), '<f8', [width]);
    const indexOf = stored.map(({ categories }) => new Map(categories.map((text, index) => [text, index])));
    let rows = new Float64Array(1 << 16);
    let used = 0;
    let sample = 0;
    const flush = (): void => {
      writer.write(rows.subarray(0, used), used / width);
      used = 0;
    };
    const visit = (): void => {
      if (used + width > rows.length) flush();
      if (width > rows.length) rows = new Float64Array(width);
      for (const [i, index] of inputs.entries()) rows[used++] = this.#cell(stored[i], indexOf[i], index);
      rows[used++] = values[sample++];
    };
    await this.#eachRow(inputs, visit, flush);
    writer.close();
  }

  /** What the pass before has looked at already: a number, the index of a category, or NaN. */
  #cell({ kind }: StoredColumn, indexOf: ReadonlyMap<string, number>, index: number): number {
    if (kind === 'category') return indexOf.get(this.#row.textAt(index)) ?? Number.NaN;
    this.#row.readNumber(index, NUMBER, 0);
    return this.#missing.hasNumber(NUMBER[0]) ? Number.NaN : NUMBER[0];
  }

  async #writeKeys(column: number): Promise<string[]> {
    const indexOf = new Map<string, number>();
    const keys = new GrowingNumbers();
    await this.#eachRow([column], () => {
      const text = this.#row.textAt(column);
      const known = indexOf.get(text) ?? indexOf.size;
      indexOf.set(text, known);
      keys.push(known);
    });
    writeInts(join(this.#folder, STORED.keys), keys);
    return [...indexOf.keys()];
  }

  #writeRows(): void {
    const rows = new GrowingNumbers();
    for (const [line, isLeft] of this.#left.entries()) if (isLeft === 0) rows.push(line);
    writeInts(join(this.#folder, STORED.rows), rows);
  }
}

const NUMBER = new Float64Array(1);
const MOST_SHOWN = 3;

function writeInts(path: string, numbers: GrowingNumbers): void {
  const values = Int32Array.from({ length: numbers.length }, (_, i) => numbers.at(i));
  const writer = new NpyWriter(path, '<i4', []);
  writer.write(values, values.length);
  writer.close();
}
