// A Parquet file → its columns' names and its row groups, column by column; the converter's process.

import { readFileSync } from 'node:fs';
import { isNumberCell } from './cell.ts';
import { DataError } from './data-error.ts';
import type { TableRow } from './table-row.ts';

/** Values as hyparquet gives them. */
export type ParquetCell = number | bigint | string | boolean | Date | null | undefined;

/** A file whose schema was checked. */
export interface ParquetFile {
  path: string;
  names: string[];
  rows: number;
  groups: number;
  /** The cells of some columns in a row group, each as many as the group has rows. */
  readGroup(group: number, columns: readonly number[]): Promise<ParquetCell[][]>;
}

export const PARQUET_INSTALL = 'npm install hyparquet hyparquet-compressors';
const EXPECTED = 'a Parquet file';

/**
 * Opens the file.
 *
 * @throws DataError for what is no Parquet file, for columns of lists or of other columns, without the packages that read it
 */
export async function openParquetFile(path: string): Promise<ParquetFile> {
  const { parquetMetadata, parquetRead, compressors } = await loadReader();
  // Parquet is compressed: what is larger than memory is what it becomes.
  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = guarded(path, () => parquetMetadata(file));
  const names = flatNames(path, metadata.schema);
  const starts = [0];
  for (const { num_rows } of metadata.row_groups) starts.push(starts[starts.length - 1] + Number(num_rows));
  return {
    path,
    names,
    rows: starts[starts.length - 1],
    groups: metadata.row_groups.length,
    async readGroup(group, columns) {
      const count = starts[group + 1] - starts[group];
      const cells = new Map<string, ParquetCell[]>(columns.map((column) => [names[column], new Array(count)]));
      const place = (name: string, values: ArrayLike<unknown>, firstRow: number): void => {
        const out = cells.get(name)!;
        for (let i = 0; i < values.length; i++) out[firstRow + i - starts[group]] = values[i] as ParquetCell;
      };
      try {
        await parquetRead({
          file,
          metadata,
          compressors,
          columns: [...cells.keys()],
          rowStart: starts[group],
          rowEnd: starts[group + 1],
          onChunk: ({ columnName, columnData, rowStart }) => place(columnName, columnData, rowStart),
        });
      } catch (cause) {
        throw unreadable(path, cause, ` of row group ${group}`);
      }
      return columns.map((column) => cells.get(names[column])!);
    },
  };
}

async function loadReader() {
  try {
    const [reader, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
    return { parquetMetadata: reader.parquetMetadata, parquetRead: reader.parquetRead, compressors };
  } catch (cause) {
    const got = 'no package hyparquet or hyparquet-compressors';
    throw new DataError('data.source parquet', 'a reader of Parquet', got, `run ${PARQUET_INSTALL}`, { cause });
  }
}

function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown, where = ''): DataError {
  return new DataError(path, `${EXPECTED}${where}`, (cause as Error).message, 'fetch the file again', { cause });
}

interface SchemaNode {
  name: string;
  num_children?: number;
  repetition_type?: string;
}

function flatNames(path: string, [, ...nodes]: readonly SchemaNode[]): string[] {
  const nested = nodes.find(({ num_children, repetition_type }) => num_children || repetition_type === 'REPEATED');
  if (nested === undefined) return nodes.map(({ name }) => name);
  const advice = 'write such columns as columns of their own, or leave them out';
  throw new DataError(path, 'columns of single values', `lists or a structure in ${nested.name}`, advice);
}

/** A row of cells: numbers and dates are numbers (dates: seconds since 1970), texts that are numbers too, as in CSV. */
export class ParquetRow implements TableRow {
  line = 0;
  readonly cellCount: number;
  readonly #columns: (readonly ParquetCell[])[];
  #index = 0;

  constructor(count: number) {
    this.cellCount = count;
    this.#columns = new Array(count);
  }

  /** From now on these are the cells of a column. */
  setColumn(column: number, cells: readonly ParquetCell[]): void {
    this.#columns[column] = cells;
  }

  /** Stands at a row of the group, which is row `line` of the file. */
  moveTo(index: number, line: number): void {
    this.#index = index;
    this.line = line;
  }

  readNumber(column: number, out: Float64Array, at: number): void {
    const cell = this.#columns[column][this.#index];
    if (typeof cell === 'number') out[at] = cell;
    else if (typeof cell === 'bigint') out[at] = Number(cell);
    else if (cell instanceof Date) out[at] = cell.getTime() / 1000;
    else out[at] = typeof cell === 'string' && isNumberCell(cell.trim()) ? Number(cell) : Number.NaN;
  }

  textAt(column: number): string {
    const cell = this.#columns[column][this.#index];
    if (cell instanceof Date) return cell.toISOString();
    return `${cell ?? ''}`.trim();
  }
}
