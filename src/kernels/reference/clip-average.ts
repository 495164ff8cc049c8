// Gradients → gradients within a limit; averages of one generation + its new parameters → those of the next; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** What clipping by value and averaging need, over `views`. */
export function clipAverageKernels({ f32 }: Views): Kernels<'clampSquareSum' | 'movingAverage'> {
  function clampSquareSum(x: number, limit: number, n: number): number {
    const most = fround(limit);
    const lanes = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const clamped = Math.max(Math.min(f32[x / 4 + i], most), -most);
      f32[x / 4 + i] = clamped;
      lanes[i % 4] += clamped * clamped;
    }
    return lanes[0] + lanes[2] + (lanes[1] + lanes[3]);
  }

  function movingAverage(averageNew: number, averageOld: number, p: number, n: number, decay: number): void {
    const [keep, take] = [fround(decay), fround(1 - decay)];
    for (let i = 0; i < n; i++) {
      const old = f32[averageOld / 4 + i];
      const value = f32[p / 4 + i];
      const distance = fround(value - old);
      f32[averageNew / 4 + i] = take < 0.5 ? old + fround(take * distance) : value - fround(keep * distance);
    }
  }

  return { clampSquareSum, movingAverage: withoutResult(movingAverage) };
}
