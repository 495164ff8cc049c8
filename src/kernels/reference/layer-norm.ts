// Layer norm, RMS norm and their gradients, one row after the other; any thread.
import { inverseDeviation, momentsOf, sumEightLanes } from './lane-sums.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The normalisations of rows over `views`. */
export function layerNormKernels({
  f32,
}: Views): Kernels<'layerNorm' | 'layerNormBackward' | 'layerNormWeightGradient'> {
  /** x̂ of every element of the row that begins at `from`, and what it was divided by. */
  function normalizeRow(from: number, cols: number, eps: number, isCentred: number) {
    const [mean, variance] = momentsOf(f32, from, cols, isCentred !== 0);
    const rstd = inverseDeviation(variance, eps);
    return { rstd, normal: f32.slice(from, from + cols).map((x) => fround(x - mean) * rstd) };
  }

  function layerNorm(...args: number[]): void {
    const [out, x, weight, bias, rows, cols, eps, isCentred] = args;
    for (let r = 0; r < rows; r++) {
      const { normal } = normalizeRow(x / 4 + r * cols, cols, eps, isCentred);
      normal.forEach((value, c) => {
        const scaled = weight === 0 ? value : fround(value * f32[weight / 4 + c]);
        f32[out / 4 + r * cols + c] = bias === 0 ? scaled : scaled + f32[bias / 4 + c];
      });
    }
  }

  function layerNormBackward(...args: number[]): void {
    const [dx, dy, x, weight, rows, cols, eps, isCentred] = args;
    for (let r = 0; r < rows; r++) {
      const { normal, rstd } = normalizeRow(x / 4 + r * cols, cols, eps, isCentred);
      const g = f32
        .slice(dy / 4 + r * cols, dy / 4 + (r + 1) * cols)
        .map((value, c) => (weight === 0 ? value : value * f32[weight / 4 + c]));
      const shift = isCentred ? fround(sumEightLanes(cols, (c) => g[c]) / cols) : 0;
      const tilt = fround(sumEightLanes(cols, (c) => fround(g[c] * normal[c])) / cols);
      for (let c = 0; c < cols; c++) {
        const direct = fround(fround(g[c] - shift) - fround(normal[c] * tilt));
        f32[dx / 4 + r * cols + c] = rstd * direct;
      }
    }
  }

  function layerNormWeightGradient(...args: number[]): void {
    const [dWeight, dy, x, rows, cols, eps, isCentred, accumulate] = args;
    if (!accumulate) f32.fill(0, dWeight / 4, dWeight / 4 + cols);
    for (let r = 0; r < rows; r++) {
      const { normal } = normalizeRow(x / 4 + r * cols, cols, eps, isCentred);
      normal.forEach((value, c) => {
        f32[dWeight / 4 + c] += fround(f32[dy / 4 + r * cols + c] * value);
      });
    }
  }

  return {
    layerNorm: withoutResult(layerNorm),
    layerNormBackward: withoutResult(layerNormBackward),
    layerNormWeightGradient: withoutResult(layerNormWeightGradient),
  };
}
