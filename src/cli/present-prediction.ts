// Predictions and the cells that tell samples apart → lines of CSV or JSON. Pure.
import type { PredictedBlock } from '../predict/trained-model.ts';

/** What the columns are called. */
export interface PredictionTitles {
  /** Of the cells. */
  cells: readonly string[];
  /** Null for values. */
  classes: readonly string[] | null;
}

/** Lines of a block, each with its line end. */
export type PredictionWriter = (block: PredictedBlock) => string;

/** A header, then a row a sample: its cells, `prediction`, and `p(class)` for each class. Several values are `prediction 0`, `prediction 1`, … */
export function csvWriter({ cells, classes }: PredictionTitles): PredictionWriter {
  let hasHeader = false;
  return ({ cells: rows, predictions }) => {
    const lines = predictions.map(({ prediction, probabilities = [] }, i) => {
      const values = Array.isArray(prediction) ? prediction : [prediction];
      const written = values.map((value) => (typeof value === 'number' ? shortNumber(value) : value));
      return csvLine([...rows[i], ...written, ...probabilities.map(shortNumber)]);
    });
    if (hasHeader || predictions.length === 0) return lines.join('');
    hasHeader = true;
    const [{ prediction }] = predictions;
    const named = Array.isArray(prediction) ? prediction.map((_, i) => `prediction ${i}`) : ['prediction'];
    return csvLine([...cells, ...named, ...(classes ?? []).map((name) => `p(${name})`)]) + lines.join('');
  };
}

/** An object a line: the cells by their titles, `prediction`, and `probabilities` by class. */
export function jsonWriter({ cells: titles, classes }: PredictionTitles): PredictionWriter {
  return ({ cells, predictions }) =>
    predictions
      .map(({ prediction, probabilities }, i) => {
        const named = Object.fromEntries(titles.map((title, column) => [title, cells[i][column]]));
        const shares = probabilities && Object.fromEntries(probabilities.map((p, c) => [classes?.[c] ?? c, p]));
        return `${JSON.stringify({ ...named, prediction, ...(shares && { probabilities: shares }) })}\n`;
      })
      .join('');
}

/** Six significant digits: what is in a float32 for certain. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** RFC 4180: quotes where a cell needs them. */
function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  return `${quoted.join(',')}\n`;
}
