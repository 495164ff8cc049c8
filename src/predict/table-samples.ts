// The rows of a file and a table's stored preprocessing → samples to predict for, in the order of the rows. Coordinator.
import type { DataOptions } from '../data/data.schema.ts';
import type { PreparedTable } from '../data/prepared-table.ts';
import { type FoundColumns, findInputColumns } from '../data/stored-columns.ts';
import { createRowEncoder } from '../data/table-preprocessing.ts';
import type { RowCursor, TableRow } from '../data/table-row.ts';
import type { SampleSource } from './sample-source.ts';
import type { TableRows } from './table-rows.ts';

/** What is made of a file of rows. */
export interface TableSamplesOptions {
  table: PreparedTable;
  /** Of the run: its id column. */
  data: DataOptions;
  /** Whether rows are told apart by all of their cells, or by the id column alone, where there is one. */
  keepsCells: boolean;
}

/** Finds the columns; rows are read when they are asked for. @throws DataError where columns are missing */
export function openTableSamples(file: TableRows, { table, data, keepsCells }: TableSamplesOptions): SampleSource {
  const columns = findInputColumns(file.name, file.names, table, data, file.isTyped);
  const encoder = createRowEncoder(table);
  const kept = keptColumns(columns, keepsCells);
  const blocks = file.blocks([...new Set([...columns.inputs, ...kept])], columns.hasHeader);
  const cellAt = (row: TableRow, input: number): string => {
    const column = columns.inputs[input];
    return file.isTyped && table.inputs[input].type === 'number' ? numberText(row, column) : row.textAt(column);
  };
  let rows: RowCursor | undefined;
  return {
    titles: kept.map((column) => columns.names[column]),
    async read(into, most) {
      const cells: string[][] = [];
      while (cells.length < most) {
        if (!rows?.next()) {
          rows = (await blocks.next()).value;
          if (rows === undefined) break;
          continue;
        }
        const row = rows;
        const where = () => file.where(row);
        columns.checkCount(row, where);
        encoder.encode((i) => cellAt(row, i), where, into as Float32Array, cells.length * encoder.width);
        cells.push(kept.map((column) => row.textAt(column)));
      }
      return cells;
    },
  };
}

const NUMBER = new Float64Array(1);

/** The number of a typed cell, as training takes it: a date is one too. */
function numberText(row: TableRow, column: number): string {
  row.readNumber(column, NUMBER, 0);
  return Number.isNaN(NUMBER[0]) ? row.textAt(column) : `${NUMBER[0]}`;
}

function keptColumns({ names, id }: FoundColumns, keepsCells: boolean): number[] {
  if (keepsCells) return names.map((_, column) => column);
  return id === null ? [] : [id];
}
