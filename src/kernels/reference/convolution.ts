// Convolutions and both their gradients, one sum after the other, in the orders that assembly/convolution.ts documents; any thread.
import { gemmBlockDepth } from '../gemm-scratch.ts';
import { relu } from './scalar-functions.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** The words of a convolution, ../convolution-meta.ts, but for those that say how much goes through at once. */
function readMeta(i32: Int32Array, meta: number) {
  const [channels, height, width, outputs, outHeight, outWidth, kernelHeight, kernelWidth, ...rest] = i32.subarray(
    meta / 4,
    meta / 4 + 15,
  );
  const [strideDown, strideAcross, paddingDown, paddingAcross, dilationDown, dilationAcross, groups] = rest;
  const [groupChannels, groupOutputs] = [channels / groups, outputs / groups];
  const taps = kernelHeight * kernelWidth;
  /** The element of a channel that tap `tap` sees at output position `position`; -1 for padding. */
  function seen(position: number, tap: number): number {
    const [oy, ox] = [Math.floor(position / outWidth), position % outWidth];
    const y = oy * strideDown + Math.floor(tap / kernelWidth) * dilationDown - paddingDown;
    const x = ox * strideAcross + (tap % kernelWidth) * dilationAcross - paddingAcross;
    return y >= 0 && y < height && x >= 0 && x < width ? y * width + x : -1;
  }
  const [plane, positions] = [height * width, outHeight * outWidth];
  return { channels, outputs, groups, groupChannels, groupOutputs, taps, plane, positions, seen };
}

/** [before +] the sum of terms 0..count-1 in gemm's blocks; `before` undefined for none. */
function sumInBlocks(count: number, termAt: (index: number) => number, before: number | undefined): number {
  const depth = gemmBlockDepth(count);
  let total = before;
  for (let block = 0; block < count; block += depth) {
    let sum = 0;
    for (let i = block; i < Math.min(count, block + depth); i++) sum = fround(sum + fround(termAt(i)));
    total = total === undefined ? sum : fround(total + sum);
  }
  return total ?? 0;
}

/** The convolution kernels over `views`. */
export function convolutionKernels({ f32, i32 }: Views): Kernels<'conv2d' | 'conv2dInput' | 'conv2dWeight'> {
  function conv2d(out: number, x: number, w: number, bias: number, images: number, meta: number): void {
    const { channels, outputs, groupChannels, groupOutputs, taps, plane, positions, seen } = readMeta(i32, meta);
    const terms = groupChannels * taps;
    for (let row = 0; row < images * outputs; row++) {
      const [n, o] = [Math.floor(row / outputs), row % outputs];
      const first = n * channels + Math.floor(o / groupOutputs) * groupChannels;
      for (let p = 0; p < positions; p++) {
        const termAt = (k: number): number => {
          const at = seen(p, k % taps);
          const value = at < 0 ? 0 : f32[x / 4 + (first + Math.floor(k / taps)) * plane + at];
          return f32[w / 4 + o * terms + k] * value;
        };
        const before = bias === 0 ? undefined : f32[bias / 4 + o];
        const sum = sumInBlocks(terms, termAt, before);
        f32[out / 4 + row * positions + p] = i32[meta / 4 + 19] === 1 ? relu(sum) : sum;
      }
    }
  }

  function conv2dInput(dx: number, dOut: number, w: number, bias: number, images: number, meta: number): void {
    const { channels, outputs, groupChannels, groupOutputs, taps, plane, positions, seen } = readMeta(i32, meta);
    for (let row = 0; row < images * channels; row++) {
      const [n, c] = [Math.floor(row / channels), row % channels];
      const firstOutput = Math.floor(c / groupChannels) * groupOutputs;
      const to = dx / 4 + row * plane;
      f32.fill(bias === 0 ? 0 : f32[bias / 4 + c], to, to + plane);
      for (let p = 0; p < positions; p++) {
        for (let tap = 0; tap < taps; tap++) {
          const at = seen(p, tap);
          if (at < 0) continue;
          const termAt = (m: number): number => {
            const o = firstOutput + m;
            const weight = f32[w / 4 + (o * groupChannels + (c % groupChannels)) * taps + tap];
            return weight * f32[dOut / 4 + (n * outputs + o) * positions + p];
          };
          f32[to + at] += sumInBlocks(groupOutputs, termAt, undefined);
        }
      }
    }
  }

  function conv2dWeight(dw: number, x: number, dOut: number, accumulate: number, images: number, meta: number): void {
    const { channels, outputs, groupChannels, groupOutputs, taps, plane, positions, seen } = readMeta(i32, meta);
    const terms = groupChannels * taps;
    for (let i = 0; i < outputs * terms; i++) {
      const [o, k] = [Math.floor(i / terms), i % terms];
      const c = Math.floor(o / groupOutputs) * groupChannels + Math.floor(k / taps);
      let total = accumulate ? f32[dw / 4 + i] : undefined;
      for (let n = 0; n < images; n++) {
        const termAt = (p: number): number => {
          const at = seen(p, k % taps);
          const value = at < 0 ? 0 : f32[x / 4 + (n * channels + c) * plane + at];
          return f32[dOut / 4 + (n * outputs + o) * positions + p] * value;
        };
        total = sumInBlocks(positions, termAt, total);
      }
      f32[dw / 4 + i] = total ?? 0;
    }
  }

  return {
    conv2d: withoutResult(conv2d),
    conv2dInput: withoutResult(conv2dInput),
    conv2dWeight: withoutResult(conv2dWeight),
  };
}
