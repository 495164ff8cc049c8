// A block of samples in its files → inputs and targets as they lie in memory; the loader's thread, and the coordinator.

import { RecordReader } from './record-reader.ts';
import type { BlockTable, SampleStream } from './sample-stream.ts';
import { type Inputs, sampleElements, type Targets, targetElements } from './source.ts';
import { TableReader } from './table-blocks.ts';

/** What a block reader needs of a stream. */
export type ReadableStream = Pick<SampleStream, 'pairs' | 'input' | 'target' | 'table'>;

/** Reads blocks of a stream. */
export class BlockReader {
  readonly #stream: ReadableStream;
  readonly #reader = new RecordReader();
  readonly #table: TableReader | null;

  constructor(stream: ReadableStream) {
    this.#stream = stream;
    this.#table = stream.table === null ? null : new TableReader(stream.table);
  }

  /**
   * Fills `inputs` and `targets`, views of exactly the block's size and of the types that the storages name.
   *
   * @param ids of the block's samples
   * @throws DataError that names file and byte
   */
  read({ pair, record, count }: BlockTable, block: number, ids: Uint32Array, inputs: Inputs, targets: Targets): void {
    if (this.#table !== null) {
      this.#table.read(ids, inputs, targets);
      return;
    }
    const { pairs, input, target } = this.#stream;
    const files = pairs[pair[block]];
    const place = { record: record[block], count: count[block] };
    const tokens = input.storage === 'i32' ? input.classes : null;
    const classes = target.kind === 'class' ? target.classes : null;
    this.#reader.read(files.inputs, { ...place, perSample: sampleElements(input.shape) }, inputs, tokens);
    this.#reader.read(files.targets, { ...place, perSample: targetElements(target) }, targets, classes);
  }
}
