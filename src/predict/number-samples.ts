// A CSV file of bare numbers, one sample a row → samples for a model whose inputs have no columns of their own. Coordinator.
import { parseNumberCell } from '../data/cell.ts';
import { DataError } from '../data/data-error.ts';
import { sampleElements } from '../data/source.ts';
import type { ByteStream } from './byte-stream.ts';
import { csvBlocks } from './csv-blocks.ts';
import type { SampleSource } from './sample-source.ts';

/** Rows of as many numbers as an input of the shape has, as they were before training divided them. A first row without numbers is a header. */
export function openNumberSamples(stream: ByteStream, shape: readonly number[]): SampleSource {
  const elements = sampleElements(shape);
  const rows = numberRows(stream, elements);
  return {
    titles: [],
    async read(into, most) {
      let count = 0;
      while (count < most) {
        const { value, done } = await rows.next();
        if (done) break;
        into.set(value, count++ * elements);
      }
      return Array.from({ length: count }, () => []);
    },
  };
}

async function* numberRows(stream: ByteStream, elements: number): AsyncGenerator<number[]> {
  let isFirst = true;
  for await (const rows of csvBlocks(stream, ',')) {
    while (rows.next()) {
      const { line } = rows;
      if (rows.cellCount !== elements) {
        const advice = 'give as many numbers a row as the inputs of the run';
        throw new DataError(`${stream.name}:${line}`, `${elements} numbers`, `${rows.cellCount} cells`, advice);
      }
      const cells = rows.texts();
      const isHeader = isFirst && cells.every((cell) => Number.isNaN(Number(cell)) || cell === '');
      isFirst = false;
      if (isHeader) continue;
      yield cells.map((cell, column) =>
        parseNumberCell(cell, () => `${stream.name}:${line} column ${column}`, 'correct the cell'),
      );
    }
  }
}
