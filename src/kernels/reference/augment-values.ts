// Images of samples → the same images with a hole, with noise, brighter or with another contrast, one value after the other; any thread.
import { below, type DrawKey, drawWords, unitOf } from './draws.ts';
import { log32 } from './vector-math.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;
const mul = (a: number, b: number): number => fround(a * b);
const SIN_TURN = [6.2831855, -41.3417, 81.60525, -76.70586, 42.058693, -15.094643].map(fround);

/** The normal number of two words by its cosine (0) or its sine (1), rounded as the fast kernel does. */
export function normalOf(a: number, b: number, isSine: number): number {
  const radius = fround(Math.sqrt(mul(log32(mul((a >>> 8) + 1, 2 ** -24)), -2)));
  const t = fround((b >>> 8) * 2 ** -24 - isSine * 0.25);
  const s = fround(0.25 - Math.abs(fround(t - (t > 0.5 ? 1 : 0))));
  const z = mul(s, s);
  const p = SIN_TURN.slice(0, -1).reduceRight((sum, term) => fround(mul(sum, z) + term), SIN_TURN[5]);
  return mul(radius, mul(s, p));
}

/** The kernels that change values, over `views`. */
export function augmentValuesKernels({ f32, u32 }: Views): Kernels<'augmentCutout' | 'augmentNoise' | 'augmentTone'> {
  /** Assigns `change(value, index)` to the values of each chosen sample. */
  function changeSamples(
    [x, ids, rows, channels, height, width, epoch, purpose, key0, key1, threshold]: number[],
    changeOf: (id: number, words: Uint32Array, values: Float32Array) => (value: number, i: number) => number,
  ): void {
    const n = channels * height * width;
    const key: DrawKey = { epoch, purpose, key0, key1 };
    for (let r = 0; r < rows; r++) {
      const id = u32[ids / 4 + r];
      const words = drawWords(0, id, key);
      if (!(words[3] < threshold)) continue;
      const values = f32.slice(x / 4 + r * n, x / 4 + (r + 1) * n);
      f32.set(values.map(changeOf(id, words, values)), x / 4 + r * n);
    }
  }
  const bound = (value: number, least: number, most: number): number =>
    Math.min(Math.max(value, fround(least)), fround(most));

  function augmentCutout(...args: number[]): void {
    const [height, width, holeRows, holeColumns] = [args[4], args[5], args[11], args[12]];
    changeSamples(args, (_id, [word0, word1]) => {
      const top = below(word0, height) - (holeRows >> 1);
      const left = below(word1, width) - (holeColumns >> 1);
      return (value, i) => {
        const [row, column] = [Math.floor(i / width) % height, i % width];
        const isIn = row >= top && row < top + holeRows && column >= left && column < left + holeColumns;
        return isIn ? 0 : value;
      };
    });
  }

  function augmentNoise(...args: number[]): void {
    const [epoch, purpose, key0, key1, , deviation, least, most] = args.slice(6);
    changeSamples(args, (id) => (value, i) => {
      const words = drawWords(Math.floor(i / 4) + 1, id, { epoch, purpose, key0, key1 });
      const z = normalOf(words[i & 2], words[(i & 2) + 1], i & 1);
      return bound(fround(value + mul(z, fround(deviation))), least, most);
    });
  }

  function augmentTone(...args: number[]): void {
    const [amount, isContrast, least, most] = args.slice(11);
    changeSamples(args, (_id, [word0], values) => {
      const factor = fround(1 + (2 * unitOf(word0) - 1) * amount);
      // A loop in f64: reduce of a Float32Array would be the same, its order is the point.
      let sum = 0;
      for (const value of values) sum += value;
      const middle = isContrast ? fround(sum / values.length) : 0;
      return (value) => bound(fround(mul(fround(value - middle), factor) + middle), least, most);
    });
  }

  return {
    augmentCutout: withoutResult(augmentCutout),
    augmentNoise: withoutResult(augmentNoise),
    augmentTone: withoutResult(augmentTone),
  };
}
