// A table that was converted → what is known of its columns, and its raw cells column by column; coordinator.
//
// A folder of such a table has the cells in one file of float64, a row after the other, the target's last.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordReader } from './record-reader.ts';
import type { StreamFile } from './sample-stream.ts';
import { openStreamFile } from './shard-files.ts';
import type { MissingPolicy } from './table-column.ts';

/** What the converter says of the rows that it kept. */
export interface CellTable {
  samples: number;
  /** In the order of their cells in a row. */
  inputs: StoredColumn[];
  target: StoredTarget;
  missingCells: string[];
  warnings: string[];
  /** Whether the rows' numbers in the file are kept, as some rows were left out. */
  hasRows: boolean;
  /** What a split by group or time goes by: texts that the file of keys has the indices of; null without one. */
  splitKeys: string[] | null;
}

/** Cells are numbers, or indices into `categories`; NaN where they are missing. */
export interface StoredColumn {
  /** The column's index in its file. */
  index: number;
  name: string;
  kind: 'number' | 'category';
  /** In the order of their code units. */
  categories: string[];
  missing: MissingPolicy;
  missingCount: number;
}

/** Cells are classes, of which there are `classes`, or numbers. */
export interface StoredTarget {
  name: string;
  classes: number | null;
  labels: string[] | null;
}

/** Names in the folder. */
export const STORED = { about: 'table.json', cells: 'cells.npy', rows: 'rows.npy', keys: 'keys.npy' } as const;

/** One read of a pass over the cells. */
const CHUNK_ROWS = 1 << 14;

/** An opened folder. */
export class StoredCells {
  readonly table: CellTable;
  readonly cells: StreamFile;
  readonly #folder: string;

  /** @throws DataError where a file is damaged */
  constructor(folder: string) {
    this.#folder = folder;
    this.table = JSON.parse(readFileSync(join(folder, STORED.about), 'utf8')) as CellTable;
    this.cells = openStreamFile(join(folder, STORED.cells));
  }

  /** The cells of one column, by sample; the target's is the column `table.inputs.length`. */
  column(index: number): Float64Array {
    const { samples } = this.table;
    const width = this.cells.shape[1];
    const out = new Float64Array(samples);
    const chunk = new Float64Array(CHUNK_ROWS * width);
    const reader = new RecordReader();
    for (let record = 0; record < samples; record += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, samples - record);
      reader.read(this.cells, { record, count, perSample: width }, chunk.subarray(0, count * width), null);
      for (let i = 0; i < count; i++) out[record + i] = chunk[i * width + index];
    }
    return out;
  }

  /** What the split goes by, of each sample. */
  splitKeys(): string[] | undefined {
    const { splitKeys } = this.table;
    return splitKeys === null ? undefined : Array.from(this.#ints(STORED.keys), (index) => splitKeys[index]);
  }

  /** The row in the file of each sample, counted from 0; null where they are the samples' own numbers. */
  rows(): Int32Array | null {
    return this.table.hasRows ? this.#ints(STORED.rows) : null;
  }

  #ints(name: string): Int32Array {
    const file = openStreamFile(join(this.#folder, name));
    const out = new Int32Array(file.shape[0]);
    new RecordReader().read(file, { record: 0, count: out.length, perSample: 1 }, out, null);
    return out;
  }
}
