// A CSV file, plain or gzip → a source of float32 inputs and class labels or numbers; coordinator.

import { gunzipSync } from 'node:zlib';
import { CsvError, parse } from 'csv-parse/sync';
import { parseNumberCell } from './csv-cell.ts';
import { type ColumnOptions, type CsvColumns, chooseColumns } from './csv-columns.ts';
import { type CsvTarget, type CsvTask, resolveTarget, TargetCells } from './csv-target.ts';
import { DataError } from './data-error.ts';
import { readInputFile } from './input-file.ts';
import type { Inputs, Source } from './source.ts';

/** What to make of the file; defaults are the config's. */
export interface CsvOptions extends ColumnOptions {
  task: CsvTask;
  /** One character. */
  delimiter: string;
}

const EXPECTED = 'a CSV file';
const NUMBER_ADVICE = 'correct the cell, list the column in data.ignore, or set data.header';
// What Node reads into one buffer.
const MOST_BYTES = 2 ** 31 - 1;
// Text of numbers shrinks to a half or a tenth; a thousandth, which deflate can do, is a file that was made to fill the memory.
const MOST_RATIO = 200;
const LEAST_MOST_BYTES = 64 << 20;

/**
 * Opens a CSV file: every row a sample, every column but the target and the ignored ones a number of its input, in the order
 * of the file. What the bytes are (gzip or plain) decides, not the name. Empty lines are skipped, blanks around cells dropped.
 *
 * The whole file has to be parsed to be checked, so its numbers are kept for the first `fill` and dropped then.
 *
 * @param path absolute
 * @throws DataError with file, line and column, for cells that are no numbers, rows of another length, columns that are not there
 */
export function openCsv(path: string, options: CsvOptions): Source {
  let table: CsvTable | null = readTable(path, options);
  const spec = tableSpec(table);
  return {
    name: 'csv',
    ...spec,
    testSamples: 0,
    fill(inputs, targets) {
      table ??= readTable(path, options);
      if (JSON.stringify(tableSpec(table)) !== JSON.stringify(spec)) throw changedError(path);
      table.inputs.copyTo(inputs);
      table.target.write(targets);
      table = null;
    },
  };
}

interface CsvTable {
  features: number;
  samples: number;
  /** samples × features */
  inputs: GrowingNumbers;
  target: CsvTarget;
}

function tableSpec({ features, samples, target }: CsvTable): Pick<Source, 'input' | 'target' | 'splitSamples'> {
  return { input: { shape: [features], storage: 'f32', divisor: 1 }, target: target.target, splitSamples: samples };
}

function readTable(path: string, options: CsvOptions): CsvTable {
  const content = readContent(path);
  let columns: CsvColumns | null = null;
  const inputs = new GrowingNumbers();
  const cells = new TargetCells();
  forEachRow(path, content, options.delimiter, (row, line) => {
    const isFirst = columns === null;
    columns ??= chooseColumns(path, row, options);
    if (!isFirst || !columns.hasHeader) addRow(path, columns, row, line, inputs, cells);
  });
  const samples = cells.indices.length;
  if (columns === null || samples === 0)
    throw new DataError(path, 'at least one row of numbers', 'none', 'check the file');
  const { labels, target, inputs: inputColumns } = columns as CsvColumns;
  const where = (line: number) => `${path}:${line} ${labels[target]}`;
  return { features: inputColumns.length, samples, inputs, target: resolveTarget(cells, options.task, where) };
}

function addRow(
  path: string,
  columns: CsvColumns,
  row: string[],
  line: number,
  inputs: GrowingNumbers,
  cells: TargetCells,
) {
  if (row.length !== columns.count) {
    const expected = `${columns.count} columns, as in the first row`;
    throw new DataError(`${path}:${line}`, expected, `${row.length}`, 'correct the line, or check data.delimiter');
  }
  for (const column of columns.inputs) {
    const where = () => `${path}:${line} ${columns.labels[column]}`;
    inputs.push(parseNumberCell(row[column], where, NUMBER_ADVICE));
  }
  cells.add(row[columns.target], line);
}

/** Calls `use` with the cells and the line (from 1 on) of each row; a row over several lines has its last one. */
function forEachRow(
  path: string,
  content: Buffer,
  delimiter: string,
  use: (row: string[], line: number) => void,
): void {
  try {
    parse(content, {
      delimiter,
      // Given rather than discovered from the first line: files joined from several may mix them.
      record_delimiter: ['\r\n', '\n', '\r'],
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      // Nothing returned: the parser keeps no rows.
      on_record(row: string[], { lines }) {
        use(row, lines);
        return null;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const advice = 'correct the quotes, or check data.delimiter';
    throw new DataError(`${path}:${cause.lines}`, 'cells quoted as CSV wants it', cause.message, advice, { cause });
  }
}

function readContent(path: string): Buffer {
  const content = readInputFile(path, EXPECTED);
  if (content.length === 0) throw new DataError(path, EXPECTED, 'an empty file', 'check the file');
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content;
  const mostBytes = Math.min(MOST_BYTES, Math.max(LEAST_MOST_BYTES, content.length * MOST_RATIO));
  try {
    return gunzipSync(content, { maxOutputLength: mostBytes });
  } catch (cause) {
    const expected = `a whole gzip file of at most ${Math.floor(mostBytes / 2 ** 20)} MiB of text`;
    throw new DataError(path, expected, (cause as Error).message, 'fetch the file again, or unpack it', { cause });
  }
}

function changedError(path: string): DataError {
  return new DataError(
    path,
    'the file as it was opened',
    'another content',
    'do not change datasets while they are read',
  );
}

const CHUNK_ELEMENTS = 1 << 16;

/** Float32 numbers, as many as come: chunks are never copied into larger ones. */
class GrowingNumbers {
  readonly #chunks: Float32Array[] = [];
  #used = CHUNK_ELEMENTS;

  push(value: number): void {
    if (this.#used === CHUNK_ELEMENTS) {
      this.#chunks.push(new Float32Array(CHUNK_ELEMENTS));
      this.#used = 0;
    }
    this.#chunks[this.#chunks.length - 1][this.#used++] = value;
  }

  copyTo(out: Inputs): void {
    for (const [i, chunk] of this.#chunks.entries()) {
      const isLast = i === this.#chunks.length - 1;
      out.set(isLast ? chunk.subarray(0, this.#used) : chunk, i * CHUNK_ELEMENTS);
    }
  }
}
