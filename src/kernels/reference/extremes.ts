// Larger and smaller numbers: of two arrays, along axes; comparisons and choices; with gradients, element by element; any thread.
import { type Kernels, type Views, withoutResult } from './views.ts';

type ExtremeName =
  | 'maximum'
  | 'minimum'
  | 'less'
  | 'lessEqual'
  | 'equal'
  | 'notEqual'
  | 'maskTrue'
  | 'maskFalse'
  | 'maximumBackward'
  | 'where'
  | 'extreme'
  | 'extremeBackward';

/** The kernels over `views`. */
export function extremeKernels({ f32, i32 }: Views): Kernels<ExtremeName> {
  const zip = (f: (a: number, b: number) => number) =>
    withoutResult((out, a, b, n) => {
      for (let i = 0; i < n; i++) f32[out / 4 + i] = f(f32[a / 4 + i], f32[b / 4 + i]);
    });
  const zip3 = (f: (a: number, b: number, c: number) => number) =>
    withoutResult((out, a, b, c, n) => {
      for (let i = 0; i < n; i++) f32[out / 4 + i] = f(f32[a / 4 + i], f32[b / 4 + i], f32[c / 4 + i]);
    });
  /** For each element of one sample of the large array the offset in the small one; stride 0 along the reduced axes. */
  function offsetsOf(rank: number, meta: number): number[] {
    let offsets = [0];
    for (let d = 0; d < rank; d++) {
      const steps = Array.from({ length: i32[meta / 4 + d] }, (_, i) => i * i32[meta / 4 + rank + d]);
      offsets = offsets.flatMap((offset) => steps.map((step) => offset + step));
    }
    return offsets;
  }

  function extreme(...args: number[]): void {
    const [out, x, isMin, rows, outRowStride, rank, meta, outElements] = args;
    const choose = isMin ? Math.min : Math.max;
    f32.fill(isMin ? Infinity : -Infinity, out / 4, out / 4 + outElements);
    const offsets = offsetsOf(rank, meta);
    for (let r = 0; r < rows; r++) {
      offsets.forEach((offset, i) => {
        const to = out / 4 + r * outRowStride + offset;
        f32[to] = choose(f32[to], f32[x / 4 + r * offsets.length + i]);
      });
    }
  }

  function extremeBackward(...args: number[]): void {
    const [dx, dy, y, x, rows, rowStride, rank, meta] = args;
    const offsets = offsetsOf(rank, meta);
    for (let r = 0; r < rows; r++) {
      const taken = new Set<number>();
      offsets.forEach((offset, i) => {
        const [at, small] = [r * offsets.length + i, r * rowStride + offset];
        const [value, best] = [f32[x / 4 + at], f32[y / 4 + small]];
        const isIt = value === best || (Number.isNaN(value) && Number.isNaN(best));
        f32[dx / 4 + at] = isIt && !taken.has(offset) ? f32[dy / 4 + small] : 0;
        if (isIt) taken.add(offset);
      });
    }
  }

  return {
    maximum: zip(Math.max),
    minimum: zip(Math.min),
    less: zip((a, b) => (a < b ? 1 : 0)),
    lessEqual: zip((a, b) => (a <= b ? 1 : 0)),
    equal: zip((a, b) => (a === b ? 1 : 0)),
    notEqual: zip((a, b) => (a !== b ? 1 : 0)),
    maskTrue: zip((c, dy) => (c === 0 ? 0 : dy)),
    maskFalse: zip((c, dy) => (c === 0 ? dy : 0)),
    maximumBackward: zip3((dy, a, b) => (a === b ? dy * 0.5 : a < b ? 0 : dy)),
    where: zip3((c, a, b) => (c === 0 ? b : a)),
    extreme: withoutResult(extreme),
    extremeBackward: withoutResult(extremeBackward),
  };
}
