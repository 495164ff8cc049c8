// A file of rows in any format that tables are trained on, or stdin → its columns' names, and its rows block by block. Coordinator.
import { type ArrowFile, openArrowFile } from '../data/arrow.ts';
import { CellRow } from '../data/cell-row.ts';
import { DataError } from '../data/data-error.ts';
import { readInto, withInputFile } from '../data/input-file.ts';
import { openParquetFile, type ParquetFile, ParquetRow } from '../data/parquet-file.ts';
import { tableFormat } from '../data/table-format.ts';
import type { RowCursor, TableRow } from '../data/table-row.ts';
import { type ByteStream, fileStream, peekStream, stdinStream } from './byte-stream.ts';
import { csvBlocks } from './csv-blocks.ts';
import { openJsonRows } from './json-rows.ts';

/** The rows of one file. */
export interface TableRows {
  /** Of the file. */
  readonly name: string;
  /** Of the columns; of a CSV file the cells of its first row, which is a header or none. */
  readonly names: readonly string[];
  /** Whether numbers and dates have types, and `names` is no row. */
  readonly isTyped: boolean;
  /** All rows, with the cells of these columns. To be called once. @throws DataError where they cannot be read */
  blocks(columns: readonly number[], hasHeader: boolean): AsyncGenerator<RowCursor>;
  /** Where a row is, for errors. */
  where(row: TableRow): string;
}

/**
 * Opens a file, or stdin. What its bytes are decides, not its name: Parquet, Arrow, objects in JSON a line each, else CSV; text also as gzip.
 *
 * @param path undefined for stdin, which is text
 * @throws DataError where it cannot be read, or what reads it is not installed
 */
export async function openTableRows(path: string | undefined, delimiter: string): Promise<TableRows> {
  if (path === undefined) return await openTextRows(stdinStream(), delimiter);
  const format = tableFormat(readStart(path));
  if (format === 'Parquet') return parquetRows(await openParquetFile(path));
  if (format === 'Arrow') return arrowRows(path, openArrowFile(path));
  return await openTextRows(fileStream(path), delimiter);
}

/** Opens what is text. @throws DataError for other bytes */
export async function openTextRows(bytes: ByteStream, delimiter: string): Promise<TableRows> {
  const { start, stream } = await peekStream(bytes);
  const format = tableFormat(start);
  if (format === 'Parquet' || format === 'Arrow') {
    throw new DataError(bytes.name, 'CSV or JSON lines', `a file of ${format}`, 'name the file, uncompressed');
  }
  return format === 'JSON lines' ? await openJsonRows(stream) : await csvRows(stream, delimiter);
}

function readStart(path: string): Buffer {
  const start = Buffer.alloc(8);
  withInputFile(path, 'a file of inputs', (file) => readInto(file, 0, start));
  return start;
}

async function csvRows(stream: ByteStream, delimiter: string): Promise<TableRows> {
  const blocks = csvBlocks(stream, delimiter);
  const { name } = stream;
  let { value: first } = await blocks.next();
  // A block may be blank lines alone.
  while (first !== undefined && !first.next()) first = (await blocks.next()).value;
  if (first === undefined) throw new DataError(name, 'a header and rows', 'nothing', 'check the file');
  return {
    name,
    names: first.texts(),
    isTyped: false,
    async *blocks(_columns, hasHeader) {
      if (!hasHeader) first.rewind();
      yield first;
      yield* blocks;
    },
    where: ({ line }) => `${name}:${line}`,
  };
}

function parquetRows(file: ParquetFile): TableRows {
  const { path, names } = file;
  return {
    name: path,
    names,
    isTyped: true,
    async *blocks(columns) {
      let firstRow = 0;
      for (let group = 0; group < file.groups; group++) {
        const cells = await file.readGroup(group, columns);
        const row = new ParquetRow(names.length);
        for (const [i, column] of columns.entries()) row.setColumn(column, cells[i]);
        const count = cells[0].length;
        let at = 0;
        const start = firstRow;
        yield withNext(row, () => {
          if (at === count) return false;
          row.moveTo(at, start + at);
          at++;
          return true;
        });
        firstRow += count;
      }
    },
    where: ({ line }) => `${path}: row ${line}`,
  };
}

function arrowRows(path: string, file: ArrowFile): TableRows {
  return {
    name: path,
    names: file.names,
    isTyped: true,
    async *blocks(columns) {
      const rows = file.rows(columns);
      const row = new CellRow();
      yield withNext(row, () => {
        const { done, value } = rows.next();
        if (done) return false;
        row.cells = value.cells;
        row.line = value.line;
        return true;
      });
    },
    where: ({ line }) => `${path}:${line}`,
  };
}

/** The row that `next` moves. */
function withNext<Row extends TableRow>(row: Row, next: () => boolean): Row & RowCursor {
  return Object.assign(row, { next });
}
