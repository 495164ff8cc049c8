// ReLU and 2 x 2 maxima of a convolution in one pass: x (images, C, H, W) → the maxima (images, O, PH, PW) and for each an index byte. The
// convolution's own result never reaches memory. Every worker thread runs it.
//
// A tile is one window of 2 x 2 positions by 8 channels, in registers: its four sums begin at the bias and go over the kernel's rows,
// its columns and then the channels, whatever windows and images go through together.
import { fillRow } from './image-rows';
import { clearBordered, spreadChannels } from './image-layouts';
import {
  borderedFloatsOf,
  borderedRowBytesOf,
  channelsOf,
  imageFloatsOf,
  indexBytesOf,
  kernelHeightOf,
  kernelRowFloatsOf,
  kernelWidthOf,
  outChannelsOf,
  pixelBytesOf,
  windowsAcrossOf,
  windowsDownOf,
  usesWinograd,
  windowsOf,
} from './pooled-convolution-meta';
import { storeMaxima, storeRow } from './window-maxima';
import { winogradPool } from './winograd-pool';

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/**
 * One row of windows by 8 channels: values (windows, 8) f32 and indices (windows, 8) bytes. x is the first window's first pixel, w the
 * packed weights (k, 8), bias 8 floats.
 */
function windowRow(
  values: usize, indices: usize, x: usize, w: usize, bias: usize,
  windows: usize, pixelBytes: usize, rowBytes: usize, kernelHeight: usize, runBytes: usize,
): void {
  const end = values + (windows << 5);
  do {
    let a0 = v128.load(bias), a1 = v128.load(bias, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    let weight = w - 32;
    let row = x;
    for (let i = kernelHeight; i; --i) {
      let a = row - 4;
      const last = a + runBytes;
      do {
        a += 4;
        weight += 32;
        const w0 = v128.load(weight), w1 = v128.load(weight, 16);
        const xa = v128.load32_splat(a);
        a0 = madd(xa, w0, a0);
        a1 = madd(xa, w1, a1);
        const xb = v128.load32_splat(a + pixelBytes);
        b0 = madd(xb, w0, b0);
        b1 = madd(xb, w1, b1);
        const below = a + rowBytes;
        const xc = v128.load32_splat(below);
        c0 = madd(xc, w0, c0);
        c1 = madd(xc, w1, c1);
        const xd = v128.load32_splat(below + pixelBytes);
        d0 = madd(xd, w0, d0);
        d1 = madd(xd, w1, d1);
      } while (a < last);
      row += rowBytes;
    }
    storeMaxima(values, indices, a0, b0, c0, d0);
    storeMaxima(values + 16, indices + 4, a1, b1, c1, d1);
    values += 32;
    indices += 8;
    x += pixelBytes << 1;
  } while (values < end);
}

/** Weights (O, C, KH, KW) → (O / 8, KH, KW, C, 8), zeros beyond O; the bias, or zeros, to whole tiles behind them. */
function packWeights(to: usize, w: usize, bias: usize, meta: usize): void {
  const channels = channelsOf(meta), outputs = outChannelsOf(meta);
  const taps = kernelHeightOf(meta) * kernelWidthOf(meta), terms = channels * taps;
  const padded = (outputs + 7) & ~7;
  fillRow(to, 0, padded * (terms + 1));
  const biases = to + ((padded * terms) << 2);
  for (let o: usize = 0; o < outputs; ++o) {
    const lane = to + (((o >> 3) * terms * 8 + (o & 7)) << 2);
    for (let c: usize = 0; c < channels; ++c) {
      for (let tap: usize = 0; tap < taps; ++tap) {
        store<f32>(lane + ((tap * channels + c) << 5), load<f32>(w));
        w += 4;
      }
    }
    if (bias) store<f32>(biases + (o << 2), load<f32>(bias + (o << 2)));
  }
}

/**
 * out (images, O, PH, PW) = the largest of 2 x 2 positions of x (images, C, H, W) * w (O, C, KH, KW) [+ bias (O)], or 0 where that is
 * negative; index (images, ceil(O PH PW / 4) words): the place of the first such position, 0 to 3 row by row, 255 where it is not positive.
 */
export function convReluPool(
  out: usize, index: usize, x: usize, w: usize, bias: usize, images: usize, meta: usize, scratch: usize,
): void {
  if (usesWinograd(meta)) return winogradPool(out, index, x, w, bias, images, meta, scratch);
  const image = (scratch + 15) & ~15;
  const packed = (image + (borderedFloatsOf(meta) << 2) + 15) & ~15;
  const outputs = outChannelsOf(meta), padded = (outputs + 7) & ~7;
  const runFloats = kernelRowFloatsOf(meta), kernelHeight = kernelHeightOf(meta);
  const blockBytes = (runFloats * kernelHeight) << 5;
  const biases = packed + (padded >> 3) * blockBytes;
  const values = biases + (padded << 2);
  const windowsDown = windowsDownOf(meta), windowsAcross = windowsAcrossOf(meta), windows = windowsOf(meta);
  const indices = values + (windowsAcross << 5);
  const pixelBytes = pixelBytesOf(meta), rowBytes = borderedRowBytesOf(meta);
  packWeights(packed, w, bias, meta);
  clearBordered(image, meta);
  for (let n: usize = 0; n < images; ++n) {
    spreadChannels(image, x, meta);
    for (let oy: usize = 0; oy < windowsDown; ++oy) {
      for (let o: usize = 0; o < outputs; o += 8) {
        windowRow(
          values, indices, image + 2 * oy * rowBytes, packed + (o >> 3) * blockBytes, biases + (o << 2),
          windowsAcross, pixelBytes, rowBytes, kernelHeight, runFloats << 2,
        );
        const at = o * windows + oy * windowsAcross;
        storeRow(out + (at << 2), index + at, values, indices, min(8, outputs - o), windowsAcross, windows);
      }
    }
    x += imageFloatsOf(meta) << 2;
    out += (outputs * windows) << 2;
    index += indexBytesOf(meta);
  }
}
