// Parts of arrays, strided → contiguous arrays and back, and rows picked by index, one element after the other; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

type ViewName = 'copyFromView' | 'copyToView' | 'takeRows' | 'sumTakenRows';

/** Copies over views; meta: i32 extents d[rank], then i32 strides[rank] in elements. */
export function viewKernels({ f32, i32, u32 }: Views): Kernels<ViewName> {
  /** The offsets of one row's positions, row-major. */
  function offsetsOf(rank: number, meta: number): number[] {
    let offsets = [0];
    for (let d = 0; d < rank; d++) {
      const steps = Array.from({ length: i32[meta / 4 + d] }, (_, i) => i * i32[meta / 4 + rank + d]);
      offsets = offsets.flatMap((offset) => steps.map((step) => offset + step));
    }
    return offsets;
  }

  function copyFromView(...args: number[]): void {
    const [out, x, offset, rows, rowStride, rank, meta] = args;
    const offsets = offsetsOf(rank, meta);
    for (let r = 0; r < rows; r++) {
      offsets.forEach((at, i) => {
        u32[out / 4 + r * offsets.length + i] = u32[x / 4 + offset + r * rowStride + at];
      });
    }
  }

  function copyToView(...args: number[]): void {
    const [out, offset, x, rows, rowStride, rank, meta] = args;
    const offsets = offsetsOf(rank, meta);
    for (let r = 0; r < rows; r++) {
      offsets.forEach((at, i) => {
        u32[out / 4 + offset + r * rowStride + at] = u32[x / 4 + r * offsets.length + i];
      });
    }
  }

  function takeRows(...args: number[]): void {
    const [out, ids, table, rows, idRowStride, tableRowStride, count, length, width] = args;
    for (let at = 0; at < rows * count * width; at++) {
      const [line, column] = [Math.floor(at / width), at % width];
      const row = Math.floor(line / count);
      const id = u32[ids / 4 + row * idRowStride + (line % count)];
      f32[out / 4 + at] = id < length ? f32[table / 4 + row * tableRowStride + id * width + column] : Number.NaN;
    }
  }

  function sumTakenRows(...args: number[]): void {
    const [out, ids, x, rows, idRowStride, outRowStride, count, length, width, accumulate, outElements] = args;
    if (!accumulate) f32.fill(0, out / 4, out / 4 + outElements);
    for (let at = 0; at < rows * count * width; at++) {
      const [line, column] = [Math.floor(at / width), at % width];
      const row = Math.floor(line / count);
      const id = u32[ids / 4 + row * idRowStride + (line % count)];
      if (id < length) f32[out / 4 + row * outRowStride + id * width + column] += f32[x / 4 + at];
    }
  }

  return {
    copyFromView: withoutResult(copyFromView),
    copyToView: withoutResult(copyToView),
    takeRows: withoutResult(takeRows),
    sumTakenRows: withoutResult(sumTakenRows),
  };
}
