// Outputs and targets of an evaluation → the sums that metrics are made of, and scores to rank samples by; every worker thread runs it.
// cells: f64, assigned where accumulate is 0. A row whose label is `ignored` counts for nothing.
import { addCell, firstOfLargest, rowMax } from './loss-rows';
import { expNegative } from './scalar-math';
import { log1 } from './vector-math';

/** Two cells: rows whose label is among the k largest scores (of equal ones the first are the larger), and rows. */
export function topScores(
  x: usize, labels: usize, rows: usize, classes: usize, k: i32, cells: usize, accumulate: i32, ignored: i32,
): void {
  let right: f64 = 0, counted: f64 = 0;
  for (let r: usize = 0; r < rows; ++r, x += classes << 2) {
    const label = load<i32>(labels + (r << 2));
    if (label == ignored) continue;
    const score = load<f32>(x + (<usize>label << 2));
    let above: i32 = 0;
    for (let c: i32 = 0; c < <i32>classes; ++c) {
      const other = load<f32>(x + (<usize>c << 2));
      // A NaN is above everything: a row with one may be wrong only.
      if (!(other <= score) || (other == score && c < label)) above += 1;
    }
    if (above < k) right += 1;
    counted += 1;
  }
  addCell(cells, right, accumulate);
  addCell(cells + 8, counted, accumulate);
}

/**
 * classes² cells: at (label, predicted) how many rows. The prediction is the first of the largest scores; with isBinary there is one
 * score a row and two classes, of which the second is predicted where the score is above 0. Rows with a NaN are in no cell.
 */
export function confusionCounts(
  x: usize, labels: usize, rows: usize, classes: usize, cells: usize, accumulate: i32, ignored: i32, isBinary: i32,
): void {
  if (!accumulate) memory.fill(cells, 0, classes * classes << 3);
  const scores: usize = isBinary ? 1 : classes;
  for (let r: usize = 0; r < rows; ++r, x += scores << 2) {
    const label = load<i32>(labels + (r << 2));
    if (label == ignored) continue;
    let predicted = firstOfLargest(x, scores);
    if (predicted < 0) continue;
    if (isBinary) predicted = load<f32>(x) > 0 ? 1 : 0;
    const cell = cells + (<usize>label * classes + <usize>predicted << 3);
    store<f64>(cell, load<f64>(cell) + 1);
  }
}

/** 1 + 4 cols cells: rows, then for each column the sums of t, t², (x - t)² and |x - t|. */
export function regressionSums(x: usize, target: usize, rows: usize, cols: usize, cells: usize, accumulate: i32): void {
  addCell(cells, <f64>rows, accumulate);
  for (let c: usize = 0; c < cols; ++c) {
    let sum: f64 = 0, squares: f64 = 0, errors: f64 = 0, distances: f64 = 0;
    for (let r: usize = 0; r < rows; ++r) {
      const at = r * cols + c << 2;
      const t = <f64>load<f32>(target + at);
      const d = <f64>load<f32>(x + at) - t;
      sum += t;
      squares += t * t;
      errors += d * d;
      distances += abs(d);
    }
    const to = cells + (1 + 4 * c << 3);
    addCell(to, sum, accumulate);
    addCell(to + 8, squares, accumulate);
    addCell(to + 16, errors, accumulate);
    addCell(to + 24, distances, accumulate);
  }
}

/** out (rows, classes) = ln softmax(row), computed in f64, so that probabilities near 1 stay apart. */
export function logProbabilities(out: usize, x: usize, rows: usize, classes: usize): void {
  const rowBytes = classes << 2;
  for (let r: usize = 0; r < rows; ++r) {
    const top = <f64>rowMax(x, classes);
    let sum: f64 = 0;
    for (let c: usize = 0; c < rowBytes; c += 4) sum += expNegative(<f64>load<f32>(x + c) - top);
    const logSum = log1(sum);
    for (let c: usize = 0; c < rowBytes; c += 4) store<f32>(out + c, <f32>(<f64>load<f32>(x + c) - top - logSum));
    x += rowBytes;
    out += rowBytes;
  }
}
