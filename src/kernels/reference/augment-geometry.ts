// Images of samples → the same images flipped, shifted, turned, pixel after pixel; any thread.
import { below, type DrawKey, drawWords, unitOf } from './draws.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

/** Gives the pixel at (row, column) of a plane; 0 outside. */
type Pixels = (row: number, column: number) => number;

/** The place that stands for i outside [0, n), -1 for none. */
function placeFor(i: number, n: number, fill: number): number {
  if (i >= 0 && i < n) return i;
  if (fill === 0) return -1;
  if (fill === 1) return i < 0 ? 0 : n - 1;
  return i < 0 ? -i : 2 * n - 2 - i;
}

/** Horner's rule in z. */
const evaluate = (terms: readonly number[], z: number): number => terms.reduceRight((sum, term) => term + z * sum, 0);

const SIN = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800];
const COS = [1, -0.5, 1 / 24, -1 / 720, 1 / 40320, -1 / 3628800, 1 / 479001600, -1 / 87178291200];

/** [cos, sin] of 2π t, |t| ≤ 1/2; error < 2^-50. */
export function turnBy(t: number): [cos: number, sin: number] {
  const quarter = Math.floor(4 * t + 0.5);
  const r = (t - quarter * 0.25) * 6.283185307179586;
  const s = r * evaluate(SIN, r * r);
  const c = evaluate(COS, r * r);
  return [
    [c, s],
    [-s, c],
    [-c, -s],
    [s, -c],
  ][quarter & 3] as [number, number];
}

/** The kernels that move pixels, over `views`. */
export function augmentGeometryKernels({ f32, u32 }: Views): Kernels<'augmentFlip' | 'augmentShift' | 'augmentTurn'> {
  /** Gives each chosen sample's planes new pixels: `change` gets the sample's words and gives the rule for any of its planes. */
  function changePlanes(
    [x, ids, rows, channels, height, width, epoch, purpose, key0, key1, threshold]: number[],
    change: (words: Uint32Array) => (pixels: Pixels, row: number, column: number) => number,
  ): void {
    const key: DrawKey = { epoch, purpose, key0, key1 };
    for (let r = 0; r < rows; r++) {
      const words = drawWords(0, u32[ids / 4 + r], key);
      if (!(words[3] < threshold)) continue;
      const rule = change(words);
      for (let channel = 0; channel < channels; channel++) {
        const at = x / 4 + (r * channels + channel) * height * width;
        const plane = f32.slice(at, at + height * width);
        const pixels: Pixels = (row, column) =>
          row < 0 || row >= height || column < 0 || column >= width ? 0 : plane[row * width + column];
        for (let i = 0; i < height * width; i++) {
          f32[at + i] = rule(pixels, Math.floor(i / width), i % width);
        }
      }
    }
  }

  function augmentFlip(...args: number[]): void {
    const [height, width, axis] = [args[4], args[5], args[11]];
    changePlanes(
      args,
      () => (pixels, row, column) => (axis === 1 ? pixels(row, width - 1 - column) : pixels(height - 1 - row, column)),
    );
  }

  function augmentShift(...args: number[]): void {
    const [height, width, mostRows, mostColumns, fill] = [args[4], args[5], args[11], args[12], args[13]];
    changePlanes(args, ([word0, word1]) => {
      const dy = below(word0, 2 * mostRows + 1) - mostRows;
      const dx = below(word1, 2 * mostColumns + 1) - mostColumns;
      return (pixels, row, column) => pixels(placeFor(row + dy, height, fill), placeFor(column + dx, width, fill));
    });
  }

  function augmentTurn(...args: number[]): void {
    const [height, width, mostTurn, low, high] = [args[4], args[5], args[11], args[12], args[13]];
    changePlanes(args, ([word0, word1]) => {
      const [cos, sin] = turnBy((2 * unitOf(word0) - 1) * mostTurn);
      const scale = low + unitOf(word1) * (high - low);
      const [a, b] = [cos / scale, sin / scale];
      return (pixels, row, column) => {
        const [dy, dx] = [row - (height - 1) * 0.5, column - (width - 1) * 0.5];
        const x = (width - 1) * 0.5 + (a * dx - b * dy);
        const y = (height - 1) * 0.5 + (b * dx + a * dy);
        const [left, top] = [Math.floor(x), Math.floor(y)];
        const [fx, fy] = [x - left, y - top];
        const between = (line: number) => (1 - fx) * pixels(line, left) + fx * pixels(line, left + 1);
        return (1 - fy) * between(top) + fy * between(top + 1);
      };
    });
  }

  return {
    augmentFlip: withoutResult(augmentFlip),
    augmentShift: withoutResult(augmentShift),
    augmentTurn: withoutResult(augmentTurn),
  };
}
