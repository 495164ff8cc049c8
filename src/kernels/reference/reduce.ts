// Sums over rows, over gradient slots and of squares, each in its fixed order; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The reductions over `views`. */
export function reduceKernels({ f32, u32 }: Views): Kernels<'sumRows' | 'treeSum' | 'scaleSquareSum' | 'squareSum'> {
  function sumRows(out: number, x: number, rows: number, cols: number, accumulate: number): void {
    for (let c = 0; c < cols; c++) {
      let sum = accumulate ? f32[out / 4 + c] : 0;
      for (let r = 0; r < rows; r++) sum = fround(sum + f32[x / 4 + r * cols + c]);
      f32[out / 4 + c] = sum;
    }
  }

  function treeSum(out: number, slots: number, count: number, byteOffset: number, n: number): void {
    for (let i = 0; i < n; i++) {
      f32[out / 4 + i] = sumTree(0, count, (slot) => f32[(u32[slots / 4 + slot] + byteOffset) / 4 + i]);
    }
  }

  function scaleSquareSum(x: number, scale: number, n: number): number {
    const lanes = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const scaled = fround(f32[x / 4 + i] * fround(scale));
      f32[x / 4 + i] = scaled;
      lanes[i % 4] += scaled * scaled;
    }
    return lanes[0] + lanes[2] + (lanes[1] + lanes[3]);
  }

  function squareSum(x: number, n: number): number {
    const lanes = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) lanes[i % 4] += f32[x / 4 + i] * f32[x / 4 + i];
    return lanes[0] + lanes[2] + (lanes[1] + lanes[3]);
  }

  return { sumRows: withoutResult(sumRows), treeSum: withoutResult(treeSum), scaleSquareSum, squareSum };
}

/** T(lo, hi) = T(lo, mid) + T(mid, hi), mid - lo the largest power of two below hi - lo. */
function sumTree(low: number, high: number, at: (index: number) => number): number {
  if (high === low) return 0;
  if (high - low === 1) return at(low);
  let half = 1;
  while (half * 2 < high - low) half *= 2;
  return fround(sumTree(low, low + half, at) + sumTree(low + half, high, at));
}
