// Sample ids → rows of a micro-batch, and numbers from Philox, one element after the other; any thread.
import { philox4x32 } from '../philox.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The kernels that fill arrays, over `views`. */
export function gatherKernels({
  f32,
  i32,
  u32,
  u8,
}: Views): Kernels<
  | 'gatherBytes'
  | 'gatherFloats'
  | 'gatherByteLabels'
  | 'gatherIntLabels'
  | 'gatherLabelRows'
  | 'standardizeChannels'
  | 'uniform'
> {
  const gather = (
    assign: (out: number, sample: number) => void,
    out: number,
    ids: number,
    rows: number,
    cols: number,
  ) => {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) assign(out / 4 + r * cols + c, u32[ids / 4 + r] * cols + c);
    }
  };
  function gatherBytes(out: number, samples: number, ids: number, rows: number, cols: number, divisor: number): void {
    gather((to, from) => (f32[to] = u8[samples + from] / fround(divisor)), out, ids, rows, cols);
  }
  function gatherFloats(out: number, samples: number, ids: number, rows: number, cols: number): void {
    gather((to, from) => (f32[to] = f32[samples / 4 + from]), out, ids, rows, cols);
  }
  function gatherByteLabels(out: number, samples: number, ids: number, rows: number): void {
    gather((to, from) => (i32[to] = u8[samples + from]), out, ids, rows, 1);
  }
  function gatherIntLabels(out: number, samples: number, ids: number, rows: number): void {
    gather((to, from) => (i32[to] = i32[samples / 4 + from]), out, ids, rows, 1);
  }
  function gatherLabelRows(...args: number[]): void {
    const [out, samples, ids, rows, cols, labelBytes] = args;
    gather(
      (to, from) => (i32[to] = labelBytes === 1 ? u8[samples + from] : i32[samples / 4 + from]),
      out,
      ids,
      rows,
      cols,
    );
  }
  function standardizeChannels(...args: number[]): void {
    const [x, rows, channels, area, means, deviations] = args;
    for (let i = 0; i < rows * channels * area; i++) {
      const channel = Math.floor(i / area) % channels;
      f32[x / 4 + i] = fround(f32[x / 4 + i] - f32[means / 4 + channel]) / f32[deviations / 4 + channel];
    }
  }
  function uniform(...args: number[]): void {
    const [out, n, key0, key1, counter1, counter2, counter3, low, high] = args;
    const words = new Uint32Array(4);
    const span = fround(fround(high) - fround(low));
    for (let i = 0; i < n; i++) {
      philox4x32(i >>> 2, counter1, counter2, counter3, key0, key1, words);
      f32[out / 4 + i] = fround(low) + fround((words[i & 3] >>> 8) * 2 ** -24 * span);
    }
  }
  return {
    gatherBytes: withoutResult(gatherBytes),
    gatherFloats: withoutResult(gatherFloats),
    gatherByteLabels: withoutResult(gatherByteLabels),
    gatherIntLabels: withoutResult(gatherIntLabels),
    gatherLabelRows: withoutResult(gatherLabelRows),
    standardizeChannels: withoutResult(standardizeChannels),
    uniform: withoutResult(uniform),
  };
}
