// Sums over the positions of images, plane by plane; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The sums over positions over `views`. */
export function imageSumKernels({ f32 }: Views): Kernels<'channelSum' | 'planeMean'> {
  /** Element i in lane i mod 4, then lanes (0 + 2) + (1 + 3). */
  function sumPlane(first: number, n: number): number {
    const lanes = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) lanes[i % 4] = fround(lanes[i % 4] + f32[first + i]);
    return fround(fround(lanes[0] + lanes[2]) + fround(lanes[1] + lanes[3]));
  }

  function channelSum(...args: number[]): void {
    const [out, x, images, channels, positions, accumulate] = args;
    for (let c = 0; c < channels; c++) {
      let sum = accumulate ? f32[out / 4 + c] : 0;
      for (let n = 0; n < images; n++) {
        sum = fround(sum + sumPlane(x / 4 + (n * channels + c) * positions, positions));
      }
      f32[out / 4 + c] = sum;
    }
  }

  function planeMean(out: number, x: number, planes: number, positions: number): void {
    for (let p = 0; p < planes; p++) f32[out / 4 + p] = sumPlane(x / 4 + p * positions, positions) / positions;
  }

  return { channelSum: withoutResult(channelSum), planeMean: withoutResult(planeMean) };
}
