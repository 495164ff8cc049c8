// A CSV file and a table's stored preprocessing → a source of the same inputs and targets that training made of such cells; coordinator.

import { parseNumberCell, quoteCell } from './cell.ts';
import { CsvRows } from './csv-rows.ts';
import type { DataOptions } from './data.schema.ts';
import { DataError } from './data-error.ts';
import type { Source } from './source.ts';
import { findInputColumns } from './stored-columns.ts';
import { tableFormat } from './table-format.ts';
import { createRowEncoder, type TablePreprocessing } from './table-preprocessing.ts';
import { readTextFile } from './text-file.ts';

/** What of preprocessing.json says how cells become inputs and targets. */
export type PreparedTable = Pick<TablePreprocessing, 'inputs' | 'missingCells' | 'target'>;

/**
 * Opens a CSV file: every row a sample, the columns by their names, what training made of their cells and of the target's.
 * @throws DataError with file, line and column
 */
export function openPreparedTable(path: string, table: PreparedTable, data: DataOptions): Source {
  const delimiter = 'delimiter' in data ? data.delimiter : ',';
  const bytes = readTextFile(path, 'a CSV file');
  const format = tableFormat(bytes);
  if (format !== 'CSV') throw new DataError(path, 'a CSV file', format, 'write its rows as CSV');
  const rows = new CsvRows(path, bytes, delimiter);
  if (!rows.next()) throw new DataError(path, 'at least one row', 'none', 'check the file');
  const columns = findInputColumns(path, rows.texts(), table, data);
  const target = columns.target;
  if (target === null) {
    const expected = `the target's column ${JSON.stringify(table.target.name)}`;
    throw new DataError(path, expected, 'none of this name', 'add it, or use lockstep predict');
  }
  const encoder = createRowEncoder(table);
  const inputs: Float32Array[] = [];
  const targets: number[] = [];
  const lines: number[] = [];
  const encodeTarget = targetEncoder(table.target);
  for (let isRow = !columns.hasHeader || rows.next(); isRow; isRow = rows.next()) {
    const { line } = rows;
    const where = () => `${path}:${line}`;
    columns.checkCount(rows, where);
    const row = new Float32Array(encoder.width);
    encoder.encode((i) => rows.textAt(columns.inputs[i]), where, row, 0);
    inputs.push(row);
    targets.push(encodeTarget(rows.textAt(target), () => `${where()} column ${JSON.stringify(table.target.name)}`));
    lines.push(line);
  }
  if (lines.length === 0) throw new DataError(path, 'at least one row behind the header', 'none', 'check the file');
  const labels = table.target.type === 'class' ? table.target.labels : undefined;
  return {
    name: 'csv',
    input: { shape: [encoder.width], storage: 'f32', divisor: 1 },
    target:
      labels === undefined
        ? { kind: 'values', storage: 'f32', shape: [1] }
        : { kind: 'class', storage: labels.length <= 256 ? 'u8' : 'i32', classes: labels.length },
    splitSamples: lines.length,
    testSamples: 0,
    classNames: labels,
    sampleName: (id) => `${path}:${lines[id]}`,
    fill(into, wanted) {
      for (const [id, row] of inputs.entries()) into.set(row, id * encoder.width);
      wanted.set(targets);
    },
  };
}

function targetEncoder(target: PreparedTable['target']): (cell: string, where: () => string) => number {
  if (target.type === 'number') {
    return (cell, where) => (parseNumberCell(cell, where, 'correct the cell') - target.mean) / target.deviation;
  }
  const { labels } = target;
  const codes = new Map(labels.map((label, code) => [label, code]));
  // Whole numbers are one label however they are written.
  const numbers = labels.every((label) => /^[+-]?\d/.test(label))
    ? new Map(labels.map((label, code) => [Number(label), code]))
    : new Map<number, number>();
  return (cell, where) => {
    const code = codes.get(cell) ?? (cell === '' ? undefined : numbers.get(Number(cell)));
    if (code !== undefined) return code;
    const some = `${labels.slice(0, 12).join(', ')}${labels.length > 12 ? ', …' : ''}`;
    throw new DataError(where(), `one of the labels ${some}`, quoteCell(cell), 'correct the cell');
  };
}
