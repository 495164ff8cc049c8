// Strided views → contiguous arrays, and the gradient back, one element after the other; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

/** Copies and sums over strided views; meta: i32 extents d[rank], then i32 strides[rank] in elements. */
export function stridedKernels({ f32, i32 }: Views): Kernels<'copyStrided' | 'sumStrided'> {
  /** The strided offsets of one row's positions, row-major. */
  function offsetsOf(rank: number, meta: number): number[] {
    let offsets = [0];
    for (let d = 0; d < rank; d++) {
      const steps = Array.from({ length: i32[meta / 4 + d] }, (_, i) => i * i32[meta / 4 + rank + d]);
      offsets = offsets.flatMap((offset) => steps.map((step) => offset + step));
    }
    return offsets;
  }

  function copyStrided(out: number, x: number, rows: number, xRowStride: number, rank: number, meta: number): void {
    const offsets = offsetsOf(rank, meta);
    for (let r = 0; r < rows; r++) {
      offsets.forEach((offset, i) => {
        f32[out / 4 + r * offsets.length + i] = f32[x / 4 + r * xRowStride + offset];
      });
    }
  }

  function sumStrided(...args: number[]): void {
    const [out, x, rows, outRowStride, rank, meta, accumulate, outElements] = args;
    if (!accumulate) f32.fill(0, out / 4, out / 4 + outElements);
    const offsets = offsetsOf(rank, meta);
    for (let r = 0; r < rows; r++) {
      offsets.forEach((offset, i) => {
        f32[out / 4 + r * outRowStride + offset] += f32[x / 4 + r * offsets.length + i];
      });
    }
  }

  return { copyStrided: withoutResult(copyStrided), sumStrided: withoutResult(sumStrided) };
}
