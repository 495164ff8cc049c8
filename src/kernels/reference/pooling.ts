// Windows of images → maxima, means and their gradients, one window after the other; any thread. Words as in assembly/pooling.ts.
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

type PoolingName = 'maxPool2d' | 'maxPool2dBackward' | 'avgPool2d' | 'avgPool2dBackward';

/** The poolings over `views`. */
export function poolingKernels({ f32, i32 }: Views): Kernels<PoolingName> {
  /** For each window of all planes: its number, the elements of x in it, row by row, and what its sum is divided by. */
  function forWindows(planes: number, meta: number, run: (o: number, elements: number[], count: number) => void): void {
    const [height, width, outHeight, outWidth, ...settings] = i32.subarray(meta / 4, meta / 4 + 11);
    const [kernelHeight, kernelWidth, strideDown, strideAcross, paddingDown, paddingAcross, countsPadding] = settings;
    for (let o = 0; o < planes * outHeight * outWidth; o++) {
      const plane = Math.floor(o / (outHeight * outWidth));
      const top = (Math.floor(o / outWidth) % outHeight) * strideDown - paddingDown;
      const left = (o % outWidth) * strideAcross - paddingAcross;
      const elements: number[] = [];
      for (let y = top; y < top + kernelHeight; y++) {
        for (let x = left; x < left + kernelWidth; x++) {
          if (y >= 0 && y < height && x >= 0 && x < width) elements.push((plane * height + y) * width + x);
        }
      }
      run(o, elements, countsPadding ? kernelHeight * kernelWidth : elements.length);
    }
  }

  function clear(dx: number, planes: number, meta: number): void {
    f32.fill(0, dx / 4, dx / 4 + planes * i32[meta / 4] * i32[meta / 4 + 1]);
  }

  function maxPool2d(out: number, x: number, planes: number, meta: number): void {
    forWindows(planes, meta, (o, elements) => {
      f32[out / 4 + o] = Math.max(...elements.map((at) => f32[x / 4 + at]));
    });
  }

  function maxPool2dBackward(dx: number, dOut: number, x: number, planes: number, meta: number): void {
    clear(dx, planes, meta);
    forWindows(planes, meta, (o, elements) => {
      const values = elements.map((at) => f32[x / 4 + at]);
      const top = Math.max(...values);
      const first = values.findIndex((value) => value === top || Number.isNaN(value));
      f32[dx / 4 + elements[first]] += f32[dOut / 4 + o];
    });
  }

  function avgPool2d(out: number, x: number, planes: number, meta: number): void {
    forWindows(planes, meta, (o, elements, count) => {
      f32[out / 4 + o] = elements.reduce((sum, at) => fround(sum + f32[x / 4 + at]), 0) / count;
    });
  }

  function avgPool2dBackward(dx: number, dOut: number, planes: number, meta: number): void {
    clear(dx, planes, meta);
    forWindows(planes, meta, (o, elements, count) => {
      for (const at of elements) f32[dx / 4 + at] += fround(f32[dOut / 4 + o] / count);
    });
  }

  return {
    maxPool2d: withoutResult(maxPool2d),
    maxPool2dBackward: withoutResult(maxPool2dBackward),
    avgPool2d: withoutResult(avgPool2d),
    avgPool2dBackward: withoutResult(avgPool2dBackward),
  };
}
