// Rows of a stored table, some of which are wanted → inputs and targets as training has them; the loader's thread, and the coordinator.

import { RecordReader } from './record-reader.ts';
import type { BlockTable, StreamFile } from './sample-stream.ts';
import type { Inputs, Targets } from './source.ts';
import { columnWidth, encodeValue, type FittedColumn } from './table-preprocessing.ts';

/** How the cells of a stored table become inputs and a target: plain data. */
export interface TableEncoding {
  cells: StreamFile;
  inputs: readonly FittedColumn[];
  /** Of targets that are numbers; 0 and 1 else. */
  mean: number;
  deviation: number;
}

/** Blocks of `blockSamples` ids each, which ascend: the rows between the first and the last of a block are read at once. */
export function cutRows(ids: Uint32Array, blockSamples: number): BlockTable {
  const blocks = Math.ceil(ids.length / blockSamples);
  const record = Uint32Array.from({ length: blocks }, (_, block) => ids[block * blockSamples]);
  const count = Uint32Array.from({ length: blocks }, (_, b) => Math.min(blockSamples, ids.length - b * blockSamples));
  return { pair: new Uint32Array(blocks), record, count, id: record };
}

/** Reads and encodes rows. */
export class TableReader {
  readonly #encoding: TableEncoding;
  readonly #reader = new RecordReader();
  readonly #width: number;
  readonly #inputSize: number;
  #cells = new Float64Array(0);

  constructor(encoding: TableEncoding) {
    this.#encoding = encoding;
    this.#width = encoding.inputs.length + 1;
    this.#inputSize = encoding.inputs.reduce((sum, column) => sum + columnWidth(column), 0);
  }

  /** Fills inputs and targets of the samples `ids`, which ascend. @throws DataError that names file and byte */
  read(ids: Uint32Array, inputs: Inputs, targets: Targets): void {
    const { cells, inputs: columns, mean, deviation } = this.#encoding;
    const record = ids[0];
    const count = ids[ids.length - 1] - record + 1;
    if (this.#cells.length < count * this.#width) this.#cells = new Float64Array(count * this.#width);
    const rows = this.#cells.subarray(0, count * this.#width);
    this.#reader.read(cells, { record, count, perSample: this.#width }, rows, null);
    for (const [i, id] of ids.entries()) {
      const row = (id - record) * this.#width;
      let at = i * this.#inputSize;
      for (const [c, column] of columns.entries()) {
        encodeValue(column, rows[row + c], inputs as Float32Array, at);
        at += columnWidth(column);
      }
      targets[i] = (rows[row + columns.length] - mean) / deviation;
    }
  }
}
