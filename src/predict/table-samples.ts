// A CSV file and a table's stored preprocessing → samples to predict for, in the order of the rows. Coordinator.
import type { CsvRows } from '../data/csv-rows.ts';
import type { DataOptions } from '../data/data.schema.ts';
import { DataError } from '../data/data-error.ts';
import type { PreparedTable } from '../data/prepared-table.ts';
import { type FoundColumns, findInputColumns } from '../data/stored-columns.ts';
import { createRowEncoder } from '../data/table-preprocessing.ts';
import { type ByteStream, csvBlocks } from './csv-blocks.ts';
import type { SampleSource } from './sample-source.ts';

/** What is made of a CSV file. */
export interface TableSamplesOptions {
  table: PreparedTable;
  /** Of the run: its delimiter and id column. */
  data: DataOptions;
  /** Whether rows are told apart by all of their cells, or by the id column alone, where there is one. */
  keepsCells: boolean;
}

/** Opens it and reads its first row. @throws DataError where columns are missing */
export async function openTableSamples(stream: ByteStream, options: TableSamplesOptions): Promise<SampleSource> {
  const { table, data, keepsCells } = options;
  const delimiter = 'delimiter' in data ? data.delimiter : ',';
  const blocks = csvBlocks(stream, delimiter);
  let rows = await nextRow(blocks, undefined);
  if (rows === undefined) throw new DataError(stream.name, 'a header and rows', 'nothing', 'check the file');
  const columns = findInputColumns(stream.name, rows.texts(), table, data);
  if (columns.hasHeader) rows = await nextRow(blocks, rows);
  const encoder = createRowEncoder(table);
  const kept = keptColumns(columns, keepsCells);
  return {
    titles: kept.map((column) => columns.names[column]),
    async read(into, most) {
      const cells: string[][] = [];
      while (rows !== undefined && cells.length < most) {
        const row: CsvRows = rows;
        const where = () => `${stream.name}:${row.line}`;
        columns.checkCount(row, where);
        encoder.encode((i) => row.textAt(columns.inputs[i]), where, into as Float32Array, cells.length * encoder.width);
        cells.push(kept.map((column) => row.textAt(column)));
        if (!rows.next()) rows = await nextRow(blocks, undefined);
      }
      return cells;
    },
  };
}

/** The reader at its next row, or the next block's at its first one. */
async function nextRow(blocks: AsyncGenerator<CsvRows>, rows: CsvRows | undefined): Promise<CsvRows | undefined> {
  if (rows?.next()) return rows;
  for (;;) {
    const { value, done } = await blocks.next();
    if (done) return undefined;
    if (value.next()) return value;
  }
}

function keptColumns({ names, id }: FoundColumns, keepsCells: boolean): number[] {
  if (keepsCells) return names.map((_, column) => column);
  return id === null ? [] : [id];
}
