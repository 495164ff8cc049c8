// Outputs and targets of an evaluation → the sums that metrics are made of, and scores to rank samples by; any thread.
import { exp, log } from '../scalar.ts';
import { addTo, firstOfLargest } from './loss-sums.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

type MetricName = 'topScores' | 'confusionCounts' | 'regressionSums' | 'logProbabilities';

/** The kernels of metrics over `views`. */
export function metricKernels({ f32, f64, i32 }: Views): Kernels<MetricName> {
  const rowOf = (x: number, row: number, columns: number): Float32Array =>
    f32.slice(x / 4 + row * columns, x / 4 + (row + 1) * columns);

  function topScores(...args: number[]): void {
    const [x, labels, rows, classes, k, cells, accumulate, ignored] = args;
    let [right, counted] = [0, 0];
    for (let r = 0; r < rows; r++) {
      const label = i32[labels / 4 + r];
      if (label === ignored) continue;
      const row = rowOf(x, r, classes);
      const above = row.filter((other, c) => !(other <= row[label]) || (other === row[label] && c < label)).length;
      if (above < k) right++;
      counted++;
    }
    addTo(f64, cells, accumulate, [right, counted]);
  }

  function confusionCounts(...args: number[]): void {
    const [x, labels, rows, classes, cells, accumulate, ignored, isBinary] = args;
    if (!accumulate) f64.fill(0, cells / 8, cells / 8 + classes * classes);
    for (let r = 0; r < rows; r++) {
      const label = i32[labels / 4 + r];
      const row = rowOf(x, r, isBinary ? 1 : classes);
      const top = firstOfLargest(row);
      if (label === ignored || top < 0) continue;
      const predicted = isBinary ? Number(row[0] > 0) : top;
      f64[cells / 8 + label * classes + predicted]++;
    }
  }

  function regressionSums(...args: number[]): void {
    const [x, target, rows, cols, cells, accumulate] = args;
    const totals = new Array<number>(1 + 4 * cols).fill(0);
    totals[0] = rows;
    for (let i = 0; i < rows * cols; i++) {
      const t = f32[target / 4 + i];
      const d = f32[x / 4 + i] - t;
      const column = 1 + 4 * (i % cols);
      [t, t * t, d * d, Math.abs(d)].forEach((term, n) => {
        totals[column + n] += term;
      });
    }
    addTo(f64, cells, accumulate, totals);
  }

  function logProbabilities(out: number, x: number, rows: number, classes: number): void {
    for (let r = 0; r < rows; r++) {
      const row = rowOf(x, r, classes);
      const top = row.reduce((most, value) => (value > most ? value : most), -Infinity);
      const sum = row.reduce((total, value) => total + exp(value - top), 0);
      row.forEach((value, c) => {
        f32[out / 4 + r * classes + c] = value - top - log(sum);
      });
    }
  }

  return {
    topScores: withoutResult(topScores),
    confusionCounts: withoutResult(confusionCounts),
    regressionSums: withoutResult(regressionSums),
    logProbabilities: withoutResult(logProbabilities),
  };
}
