// Images enlarged by whole numbers, and the gradients, one output after the other; any thread. Words as in assembly/upsampling.ts.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type UpsamplingName = 'upsampleNearest' | 'upsampleNearestBackward' | 'upsampleBilinear' | 'upsampleBilinearBackward';

/** Where output `o` lies between two elements of an axis: the lower one, the upper one, and how far from the lower. */
function neighbours(o: number, scale: number, length: number): [number, number, number] {
  // (o + 0.5) / scale - 0.5, times twice the scale: a whole number.
  const place = Math.max(0, 2 * o + 1 - scale);
  const low = Math.floor(place / (2 * scale));
  return [low, Math.min(low + 1, length - 1), fround((place % (2 * scale)) / (2 * scale))];
}

/** The enlargements over `views`. */
export function upsamplingKernels({ f32, i32 }: Views): Kernels<UpsamplingName> {
  function forOutputs(
    planes: number,
    meta: number,
    run: (o: number, plane: number, oy: number, ox: number, words: number[]) => void,
  ): void {
    const words = [...i32.subarray(meta / 4, meta / 4 + 4)];
    const [height, width, down, across] = words;
    const [outHeight, outWidth] = [height * down, width * across];
    for (let o = 0; o < planes * outHeight * outWidth; o++) {
      const plane = Math.floor(o / (outHeight * outWidth)) * height * width;
      run(o, plane, Math.floor(o / outWidth) % outHeight, o % outWidth, words);
    }
  }

  function nearest(planes: number, meta: number, run: (o: number, at: number) => void): void {
    forOutputs(planes, meta, (o, plane, oy, ox, [, width, down, across]) => {
      run(o, plane + Math.floor(oy / down) * width + Math.floor(ox / across));
    });
  }

  function clear(dx: number, planes: number, meta: number): void {
    f32.fill(0, dx / 4, dx / 4 + planes * i32[meta / 4] * i32[meta / 4 + 1]);
  }

  function upsampleNearest(out: number, x: number, planes: number, meta: number): void {
    nearest(planes, meta, (o, at) => {
      f32[out / 4 + o] = f32[x / 4 + at];
    });
  }

  function upsampleNearestBackward(dx: number, dOut: number, planes: number, meta: number): void {
    clear(dx, planes, meta);
    nearest(planes, meta, (o, at) => {
      f32[dx / 4 + at] += f32[dOut / 4 + o];
    });
  }

  function upsampleBilinear(out: number, x: number, planes: number, meta: number): void {
    forOutputs(planes, meta, (o, plane, oy, ox, [height, width, down, across]) => {
      const [upper, below, v] = neighbours(oy, down, height);
      const [left, right, h] = neighbours(ox, across, width);
      const mix = (a: number, b: number, share: number): number =>
        fround(fround(fround(1 - share) * a) + fround(share * b));
      const at = (row: number, column: number): number => f32[x / 4 + plane + row * width + column];
      f32[out / 4 + o] = mix(mix(at(upper, left), at(upper, right), h), mix(at(below, left), at(below, right), h), v);
    });
  }

  function upsampleBilinearBackward(dx: number, dOut: number, planes: number, meta: number): void {
    clear(dx, planes, meta);
    forOutputs(planes, meta, (o, plane, oy, ox, [height, width, down, across]) => {
      const [upper, below, v] = neighbours(oy, down, height);
      const [left, right, h] = neighbours(ox, across, width);
      const g = f32[dOut / 4 + o];
      for (const [row, share] of [
        [upper, fround(fround(1 - v) * g)],
        [below, fround(v * g)],
      ]) {
        f32[dx / 4 + plane + row * width + left] += fround(fround(1 - h) * share);
        f32[dx / 4 + plane + row * width + right] += fround(h * share);
      }
    });
  }

  return {
    upsampleNearest: withoutResult(upsampleNearest),
    upsampleNearestBackward: withoutResult(upsampleNearestBackward),
    upsampleBilinear: withoutResult(upsampleBilinear),
    upsampleBilinearBackward: withoutResult(upsampleBilinearBackward),
  };
}
