// Two samples and a share → their mixture, or one with a piece of the other, one value after the other; any thread.
import { below, type DrawKey, drawWords, unitOf } from './draws.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** How a sample is mixed: its own share, and the piece that is its partner's. */
interface Mix {
  share: number;
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** The kernels that mix samples, over `views`. */
export function augmentMixKernels({ f32, u32 }: Views): Kernels<'mixPartners' | 'mixShares' | 'mixRows'> {
  function drawMix(id: number, key: DrawKey, height: number, width: number, rest: number[]): Mix {
    const [threshold, table, isCut] = rest;
    const words = drawWords(0, id, key);
    const whole: Mix = { share: 1, top: 0, bottom: 0, left: 0, right: 0 };
    if (!(words[3] < threshold)) return whole;
    const place = unitOf(words[1]) * 1024;
    const [low, high] = f32.subarray(table / 4 + Math.floor(place), table / 4 + Math.floor(place) + 2);
    const drawn = low + (high - low) * (place - Math.floor(place));
    if (!isCut) return { ...whole, share: fround(drawn) };
    const side = Math.sqrt(1 - drawn);
    const [pieceRows, pieceColumns] = [Math.floor(height * side), Math.floor(width * side)];
    const y = below(words[2], height) - (pieceRows >> 1);
    const x = below(drawWords(1, id, key)[0], width) - (pieceColumns >> 1);
    const [top, bottom] = [Math.max(0, y), Math.min(height, y + pieceRows)];
    const [left, right] = [Math.max(0, x), Math.min(width, x + pieceColumns)];
    return { share: fround(1 - ((bottom - top) * (right - left)) / (height * width)), top, bottom, left, right };
  }

  function mixPartners(...args: number[]): void {
    const [out, ids, rows, batchIds, count, epoch, purpose, key0, key1] = args;
    for (let r = 0; r < rows; r++) {
      const [word0] = drawWords(0, u32[ids / 4 + r], { epoch, purpose, key0, key1 });
      u32[out / 4 + r] = u32[batchIds / 4 + below(word0, count)];
    }
  }

  function mixShares(...args: number[]): void {
    const [out, ids, rows, height, width, epoch, purpose, key0, key1, ...rest] = args;
    const key = { epoch, purpose, key0, key1 };
    for (let r = 0; r < rows; r++) f32[out / 4 + r] = drawMix(u32[ids / 4 + r], key, height, width, rest).share;
  }

  function mixRows(...args: number[]): void {
    const [x, ids, rows, others, channels, height, width, epoch, purpose, key0, key1, ...rest] = args;
    const [, , isCut] = rest;
    const n = channels * height * width;
    for (let r = 0; r < rows; r++) {
      const mix = drawMix(u32[ids / 4 + r], { epoch, purpose, key0, key1 }, height, width, rest);
      for (let i = 0; i < n; i++) {
        const [row, column] = [Math.floor(i / width) % height, i % width];
        const isIn = row >= mix.top && row < mix.bottom && column >= mix.left && column < mix.right;
        const [own, other] = [f32[x / 4 + r * n + i], f32[others / 4 + r * n + i]];
        const mixed = mix.share === 1 ? own : fround(mix.share * own) + fround(fround(1 - mix.share) * other);
        f32[x / 4 + r * n + i] = isCut ? (isIn ? other : own) : mixed;
      }
    }
  }

  return {
    mixPartners: withoutResult(mixPartners),
    mixShares: withoutResult(mixShares),
    mixRows: withoutResult(mixRows),
  };
}
