// A table, read when it is needed → a source whose preprocessing is fitted on the training part; coordinator.

import { changedError, type FileStamp, readAgain } from './input-file.ts';
import type { Fit, Inputs, Source, Targets } from './source.ts';
import type { Table, TableOptions } from './table.ts';
import {
  columnWidth,
  encodeValue,
  type FittedColumn,
  type FittedTarget,
  fitColumn,
  fitMoments,
  type TablePreprocessing,
} from './table-preprocessing.ts';
import { tableWarnings } from './table-warnings.ts';

/**
 * Makes a source of a table. All of it has to be read to be checked, so it is kept for the first `fill` and dropped then.
 *
 * @param file that it is read from, as it was before
 * @param read reads it, also again
 * @throws DataError whatever is wrong with the table
 */
export function openTable(name: string, file: FileStamp, read: () => Table, options: TableOptions): Source {
  const { path } = file;
  let table: Table | null = read();
  const spec = tableSpec(table);
  const { lines, weights, samples } = table;
  const { labels, values: classes } = table.target;
  let fitted: TablePreprocessing | null = null;
  return {
    name,
    ...spec,
    testSamples: 0,
    labelOf: labels === undefined ? undefined : (id) => classes[id],
    classNames: labels,
    splitKeys: table.splitKeys ?? undefined,
    ...(weights !== null && { weights: Float32Array.from({ length: samples }, (_, i) => weights.at(i)) }),
    warnings: tableWarnings(table),
    leftOut: {
      rows: table.samples + table.skippedCount + table.droppedCount,
      skipped: table.skippedCount,
      dropped: table.droppedCount,
    },
    missing: table.inputs
      .filter(({ missingCount }) => missingCount > 0)
      .map(({ options: { name: column }, missingCount: count }) => ({ column, count })),
    sampleName: (id) => `${path}:${lines.at(id)}`,
    fit(trainIds): Fit {
      table ??= readAgain(file, read);
      fitted = fitTable(table, trainIds, options);
      return { preprocessing: fitted };
    },
    fill(inputs, targets) {
      table ??= readAgain(file, read);
      if (JSON.stringify(tableSpec(table)) !== JSON.stringify(spec)) throw changedError(path);
      if (fitted === null) throw new Error(`${name}: expected fit before fill; this is a fault in lockstep`);
      fillTable(table, fitted, inputs as Float32Array, targets);
      table = null;
    },
  };
}

function tableSpec({ inputs, target, samples }: Table): Pick<Source, 'input' | 'target' | 'splitSamples'> {
  const features = inputs.reduce((sum, { kind, categories, options }) => {
    const width = kind === 'category' ? categories.length : 1;
    return sum + width + (options.indicator ? 1 : 0);
  }, 0);
  return { input: { shape: [features], storage: 'f32', divisor: 1 }, target: target.target, splitSamples: samples };
}

function fitTable(table: Table, trainIds: Uint32Array, options: TableOptions): TablePreprocessing {
  return {
    kind: 'table',
    missingCells: table.missingCells,
    inputs: table.inputs.map((input) => fitColumn(input, trainIds)),
    target: fitTarget(table, trainIds, options),
  };
}

function fitTarget({ target, columns }: Table, trainIds: Uint32Array, options: TableOptions): FittedTarget {
  const name = columns.names[columns.target];
  if (target.labels !== undefined) return { name, type: 'class', labels: target.labels };
  const moments = options.standardizeTarget ? fitMoments(target.values, trainIds) : { mean: 0, deviation: 1 };
  return { name, type: 'number', ...moments };
}

function fillTable(table: Table, fitted: TablePreprocessing, inputs: Float32Array, targets: Targets): void {
  const width = fitted.inputs.reduce((sum, column) => sum + columnWidth(column), 0);
  let at = 0;
  for (const [i, column] of fitted.inputs.entries()) {
    fillColumn(table, i, column, inputs, at, width);
    at += columnWidth(column);
  }
  const { target } = fitted;
  const { mean, deviation } = target.type === 'number' ? target : { mean: 0, deviation: 1 };
  for (let sample = 0; sample < table.samples; sample++) {
    targets[sample] = (table.target.values[sample] - mean) / deviation;
  }
}

/** Categories were counted in the order in which they come up, and are encoded in that of their code units. */
function fillColumn(
  table: Table,
  index: number,
  column: FittedColumn,
  inputs: Inputs,
  at: number,
  width: number,
): void {
  const { values, categories } = table.inputs[index];
  const encoded = column.type === 'category' ? categories.map((category) => column.categories.indexOf(category)) : null;
  for (let sample = 0; sample < table.samples; sample++) {
    const value = values.at(sample);
    const code = encoded === null || Number.isNaN(value) ? value : encoded[value];
    encodeValue(column, code, inputs as Float32Array, sample * width + at);
  }
}
