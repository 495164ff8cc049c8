// Elements of samples → the same, some of them dropped, one random word after the other; any thread.
import { philox4x32 } from '../philox.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

/** Dropout over `views`. */
export function dropoutKernels({ f32, u32 }: Views): Kernels<'dropout'> {
  function dropout(...args: number[]): void {
    const [out, x, ids, rows, n, step, purpose, key0, key1, threshold, scale] = args;
    const words = new Uint32Array(4);
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < n; i++) {
        philox4x32(i >>> 2, step, u32[ids / 4 + r], purpose, key0, key1, words);
        const isKept = words[i & 3] >= threshold;
        f32[out / 4 + r * n + i] = isKept ? f32[x / 4 + r * n + i] * Math.fround(scale) : 0;
      }
    }
  }

  return { dropout: withoutResult(dropout) };
}
