// An Arrow file (or stream, or Feather 2) → a source of float32 inputs and class labels or numbers; coordinator.

import { createRequire } from 'node:module';
import type { Table as ArrowTable, Data, DataType, RecordBatch, RecordBatchFileReader } from 'apache-arrow';
import { type Cell, CellRow } from './cell-row.ts';
import { DataError } from './data-error.ts';
import { readInputFile, stampFile } from './input-file.ts';
import { requirePeer } from './peer.ts';
import type { Source } from './source.ts';
import { type Table, TableBuilder, type TableOptions } from './table.ts';
import { openTable } from './table-source.ts';

const EXPECTED = 'an Arrow file';
const WRITE_AGAIN = 'write the file again, uncompressed';
/** What a file begins and ends with; a stream has none. */
const MAGIC = Buffer.from('ARROW1');
// A dictionary's index is what is counted; its texts are read by it.
const FIXED = /^(Int|Uint|Float|Date|Timestamp|Dictionary<U?int)/i;
const TEXT = /^(Large)?Utf8$/;

/**
 * Opens an Arrow file: every row a sample, every column one of the table; the roles of the columns, and all else, are those of CSV. Columns
 * hold numbers, texts (also as dictionaries), truth values, or dates and times, which are milliseconds since 1970; those of other types have
 * to be ignored.
 *
 * @param path absolute
 * @throws DataError with the install line where apache-arrow is not installed; for damaged files; with row and column for cells that do not fit
 */
export function openArrow(path: string, options: TableOptions): Source {
  return openTable('arrow', stampFile(path, EXPECTED), () => readArrow(path, options), options);
}

/** An Arrow file as rows of a table. */
export interface ArrowFile {
  names: string[];
  /** All rows, one after the other, with the cells of these columns. @throws DataError for columns of other types than those above */
  rows(columns: readonly number[]): Generator<CellRow>;
}

/** Reads the file for its rows. @throws DataError as `openArrow` does */
export function openArrowFile(path: string): ArrowFile {
  const bytes = readInputFile(path, EXPECTED);
  const arrow = guarded(path, () => parseArrow(bytes));
  const names = arrow.schema.fields.map(({ name }) => name);
  if (names.length === 0) throw new DataError(path, 'at least one column', 'none', 'check the file');
  return { names, rows: (columns) => arrowRows(path, arrow, columns) };
}

function* arrowRows(path: string, arrow: ArrowTable, read: readonly number[]): Generator<CellRow> {
  const { fields } = arrow.schema;
  for (const column of read) checkType(path, fields[column].name, fields[column].type);
  const row = new CellRow();
  for (const batch of arrow.batches) {
    const columns = read.map((column) => {
      const vector = batch.getChildAt(column);
      guarded(path, () => checkLengths(batch, vector?.data[0]));
      return vector!;
    });
    for (let i = 0; i < batch.numRows; i++) {
      const cells = new Array<Cell>(fields.length).fill(null);
      guarded(path, () => {
        for (const [at, column] of read.entries()) cells[column] = columns[at].get(i) as Cell;
      });
      row.line++;
      row.cells = cells;
      yield row;
    }
  }
}

function readArrow(path: string, options: TableOptions): Table {
  const file = openArrowFile(path);
  const table = new TableBuilder(path, file.names, { ...options, header: true });
  for (const row of file.rows(table.usedColumns)) table.add(row);
  return table.finish();
}

function parseArrow(bytes: Buffer): ArrowTable {
  const { exports, path } = requirePeer<typeof import('apache-arrow')>('apache-arrow', 'data.source arrow');
  boundVectors(createRequire(path)('flatbuffers') as Flatbuffers);
  const isCut = bytes.subarray(0, MAGIC.length).equals(MAGIC) && !bytes.subarray(-MAGIC.length).equals(MAGIC);
  if (isCut) throw new Error('one without its end');
  const reader = exports.RecordBatchReader.from(bytes).open();
  const batches = reader.isFile() ? batchesOfFile(reader) : [...reader];
  return new exports.Table(reader.schema, batches);
}

/** One by one: the package's iterator stays for ever at an entry of the footer that leads to a message of another kind. */
function batchesOfFile(reader: RecordBatchFileReader): RecordBatch[] {
  const { numRecordBatches } = reader;
  return Array.from({ length: numRecordBatches }, (_, index) => {
    const batch = reader.readRecordBatch(index);
    if (batch === null) throw new Error(`a footer whose batch ${index} of ${numRecordBatches} is none`);
    return batch;
  });
}

/** What of apache-arrow's own reader of metadata is used. */
interface Flatbuffers {
  ByteBuffer: {
    prototype: { capacity(): number; readInt32(offset: number): number; __vector_len(offset: number): number };
  };
}

/** A damaged length of up to 2^31 would be counted through, over bytes that are not there: minutes for a file of a few KiB. */
function boundVectors({ ByteBuffer: { prototype } }: Flatbuffers): void {
  prototype.__vector_len = function (offset) {
    const at = offset + this.readInt32(offset);
    const length = this.readInt32(at);
    if (length >= 0 && length <= this.capacity() - at) return length;
    throw new Error(`a list of ${length} in ${this.capacity()} bytes of metadata`);
  };
}

function checkType(path: string, name: string, type: DataType): void {
  if (FIXED.test(`${type}`) || TEXT.test(`${type}`) || `${type}` === 'Bool') return;
  const expected = 'numbers, texts, truth values, dates or times';
  throw new DataError(`${path} column ${JSON.stringify(name)}`, expected, `${type}`, 'list it in data.ignore');
}

/** What a damaged file merely promises would be read as nothing, for as many rows as it says. */
function checkLengths({ numRows }: RecordBatch, data: Data | undefined): void {
  if (data === undefined || data.length !== numRows) throw new Error('columns of different lengths');
  const rows = data.offset + numRows;
  const bits = 8 * (data.nullCount > 0 ? data.nullBitmap.length : numRows);
  const type = `${data.type}`;
  const length = TEXT.test(type) ? data.valueOffsets.length - 1 : data.values.length * (type === 'Bool' ? 8 : 1);
  if (bits < numRows || length < numRows) throw new Error(`${rows} rows in a column of ${length}`);
}

/** The package trusts what it reads: what it throws then is of no use but as a reason. */
function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const got = (cause as Error).message.split('\n')[0];
    throw new DataError(path, 'a whole Arrow file', got, WRITE_AGAIN, { cause });
  }
}
