// The cells of a table's target column → class labels or numbers; coordinator.

import { isNumberCell, parseNumberCell, quoteCell } from './cell.ts';
import { DataError } from './data-error.ts';
import { classTarget } from './labels.ts';
import type { DatasetSpec } from './source.ts';

/** What the target column is for. */
export type TableTask = 'auto' | 'classification' | 'regression';

/** A column as distinct cells and, for each sample, which of them it has. */
export class TargetCells {
  readonly distinct: string[] = [];
  /** The line where each distinct cell comes up first. */
  readonly firstLines: number[] = [];
  readonly indices: number[] = [];
  readonly #indexOf = new Map<string, number>();

  add(cell: string, line: number): void {
    let index = this.#indexOf.get(cell);
    if (index === undefined) {
      index = this.distinct.push(cell) - 1;
      this.#indexOf.set(cell, index);
      this.firstLines.push(line);
    }
    this.indices.push(index);
  }
}

/** A target column as a plan and the memory need it: the class or the number of each sample. */
export interface TableTarget {
  target: DatasetSpec['target'];
  values: Float64Array;
  /** The label of each class, as it is written where it comes up first; absent for numbers. */
  labels?: string[];
}

// More whole numbers than this are rather a quantity (an age, a price) than classes.
const MOST_AUTO_CLASSES = 100;
const WHOLE = /^[+-]?\d+(?:\.0*)?$/;
const NO_LABEL = /^(?:[+-]?(?:nan|inf|infinity))?$/i;

/**
 * Makes classes or numbers of a target column. `auto` means classification where all cells are text or whole numbers and
 * either none is a number or there are at most 100 distinct ones; else regression.
 *
 * Classes are in ascending order where all labels are whole numbers (`1` and `1.0` are the same), else in the order of their
 * UTF-16 code units: the order of the rows does not matter.
 *
 * @param where names the target cell of a line
 * @throws DataError at the first cell that is no label or no number, or where there is only one class
 */
export function resolveTarget(cells: TargetCells, task: TableTask, where: (line: number) => string): TableTarget {
  const isClassification = task === 'classification' || (task === 'auto' && looksLikeLabels(cells.distinct));
  return isClassification ? classLabels(cells, where) : numbers(cells, where);
}

function looksLikeLabels(distinct: readonly string[]): boolean {
  const numberCount = distinct.filter(isNumberCell).length;
  if (numberCount === 0) return true;
  return distinct.length <= MOST_AUTO_CLASSES && distinct.every((cell) => isWhole(cell) || !isNumberCell(cell));
}

function isWhole(cell: string): boolean {
  return WHOLE.test(cell) && Number.isSafeInteger(Number(cell));
}

function classLabels({ distinct, firstLines, indices }: TargetCells, where: (line: number) => string): TableTarget {
  for (const [i, cell] of distinct.entries()) {
    if (NO_LABEL.test(cell))
      throw new DataError(where(firstLines[i]), 'a class label', quoteCell(cell), 'fill it in or delete the line');
    if (isNumberCell(cell) && !isWhole(cell)) {
      const advice = 'correct it, or set data.task to regression';
      throw new DataError(where(firstLines[i]), 'a class label (text or a whole number)', quoteCell(cell), advice);
    }
  }
  const classOf = classesOf(distinct);
  const classes = 1 + classOf.reduce((highest, label) => Math.max(highest, label), 0);
  if (classes < 2) {
    const got = `only ${quoteCell(distinct[0])}`;
    throw new DataError(where(firstLines[0]), 'labels of at least 2 classes', got, 'check data.target');
  }
  const target = classTarget(classOf, (i) => where(firstLines[i]), classes);
  return { target, values: lookUp(indices, classOf), labels: labelsOf(distinct, classOf, classes) };
}

/** The class of each distinct label. */
function classesOf(distinct: readonly string[]): number[] {
  if (!distinct.every(isWhole)) return ranks(distinct, [...distinct].sort());
  const values = distinct.map(Number);
  return ranks(
    values,
    [...new Set(values)].sort((a, b) => a - b),
  );
}

function ranks<T>(items: readonly T[], sorted: readonly T[]): number[] {
  const rankOf = new Map(sorted.map((item, rank) => [item, rank]));
  return items.map((item) => rankOf.get(item)!);
}

function numbers({ distinct, firstLines, indices }: TargetCells, where: (line: number) => string): TableTarget {
  const advice = 'correct it, or set data.task to classification';
  const values = distinct.map((cell, i) => parseNumberCell(cell, () => where(firstLines[i]), advice));
  return {
    target: { kind: 'values', storage: 'f32', shape: [1] },
    values: lookUp(indices, values),
  };
}

function lookUp(indices: readonly number[], values: readonly number[]): Float64Array {
  const out = new Float64Array(indices.length);
  for (let sample = 0; sample < out.length; sample++) out[sample] = values[indices[sample]];
  return out;
}

/** From the last to the first, so that what comes up first stays: `1` and `1.0` are one class. */
function labelsOf(distinct: readonly string[], classOf: readonly number[], classes: number): string[] {
  const labels = new Array<string>(classes);
  for (let i = distinct.length - 1; i >= 0; i--) labels[classOf[i]] = distinct[i];
  return labels;
}
