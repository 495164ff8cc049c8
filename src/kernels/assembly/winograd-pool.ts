// The work of convReluPool for 3 x 3 kernels with 4 products where the plain way has 9: one window of 2 x 2 positions is one tile of
// Winograd's F(2 x 2, 3 x 3). Lavin & Gray 2016, "Fast algorithms for convolutional neural networks", arXiv:1509.09308, section 4.1.
// Every worker thread runs it.
//
// A window's 4 x 4 pixels d and a kernel g go to 16 numbers each, Bᵀ d B and G g Gᵀ; their products are summed over the channels in order,
// and Aᵀ m A of these 16 sums, plus the bias, are the window's four. Rows are transformed before columns.
import { copyRow, fillRow } from './image-rows';
import { tile } from './gemm';
import {
  channelsOf,
  heightOf,
  imageFloatsOf,
  indexBytesOf,
  outChannelsOf,
  paddingAcrossOf,
  paddingDownOf,
  widthOf,
  windowsAcrossOf,
  windowsDownOf,
  windowsOf,
} from './pooled-convolution-meta';
import { storeMaxima, storeRow } from './window-maxima';

/** Floats that may be read behind the last row: of windows that are none. */
const SPARE_FLOATS: usize = 16;

/** Weights (O, C, 3, 3) → (O / 8, 16, C, 8), zeros beyond O; the bias, or zeros, to whole tiles behind them. */
function transformWeights(to: usize, w: usize, bias: usize, channels: usize, outputs: usize): void {
  const padded = (outputs + 7) & ~7;
  fillRow(to, 0, padded * (channels * 16 + 1));
  const biases = to + ((padded * channels) << 6);
  for (let o: usize = 0; o < outputs; ++o) {
    for (let c: usize = 0; c < channels; ++c) {
      const cell = to + (((o >> 3) * 16 * channels + c) << 5) + ((o & 7) << 2);
      for (let i: usize = 0; i < 4; ++i) {
        const a = weightRow(w, i), b = weightRow(w + 4, i), d = weightRow(w + 8, i);
        for (let j: usize = 0; j < 4; ++j) store<f32>(cell + ((i * 4 + j) * channels << 5), weightSum(a, b, d, j));
      }
      w += 36;
    }
    if (bias) store<f32>(biases + (o << 2), load<f32>(bias + (o << 2)));
  }
}

/** Number i of the four that three rows' weights of a column give. */
// @ts-ignore: decorator
@inline
function weightRow(w: usize, i: usize): f32 { return weightSum(load<f32>(w), load<f32>(w, 12), load<f32>(w, 24), i); }

// @ts-ignore: decorator
@inline
function weightSum(a: f32, b: f32, c: f32, i: usize): f32 {
  if (i == 0) return a;
  if (i == 3) return c;
  return <f32>0.5 * (i == 1 ? a + c + b : a + c - b);
}

/** Writes x inside the border of an image (C, H + border, W + border). */
function spreadPlanes(image: usize, x: usize, meta: usize): void {
  const width = widthOf(meta), height = heightOf(meta), down = paddingDownOf(meta), across = paddingAcrossOf(meta);
  const rowBytes = (width + 2 * across) << 2;
  for (let c = channelsOf(meta); c; --c) {
    let to = image + down * rowBytes + (across << 2);
    for (let y: usize = 0; y < height; ++y) {
      copyRow(to, x, width, 1);
      x += width << 2;
      to += rowBytes;
    }
    image += (height + 2 * down) * rowBytes;
  }
}

// @ts-ignore: decorator
@inline function evens(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 0, 2, 4, 6); }
// @ts-ignore: decorator
@inline function odds(a: v128, b: v128): v128 { return v128.shuffle<f32>(a, b, 1, 3, 5, 7); }

/** The four numbers of a row of four, of four windows side by side: `step` bytes apart at `to`. */
// @ts-ignore: decorator
@inline
function transformRow(to: usize, step: usize, d0: v128, d1: v128, d2: v128, d3: v128): void {
  v128.store(to, f32x4.sub(d0, d2));
  v128.store(to + step, f32x4.add(d1, d2));
  v128.store(to + 2 * step, f32x4.sub(d2, d1));
  v128.store(to + 3 * step, f32x4.sub(d1, d3));
}

/** The pixels of one channel that four windows side by side see, from `x` on → 16 vectors, one lane a window, `step` bytes apart. */
function transformPixels(to: usize, step: usize, x: usize, rowBytes: usize): void {
  const x1 = x + rowBytes, x2 = x1 + rowBytes, x3 = x2 + rowBytes;
  // Rows first, and they need no shuffle: eight pixels and two more of each row, then the two behind them again for the last columns.
  const a0 = v128.load(x), b0 = v128.load(x, 16), c0 = v128.load(x, 8), e0 = v128.load(x, 24);
  const a1 = v128.load(x1), b1 = v128.load(x1, 16), c1 = v128.load(x1, 8), e1 = v128.load(x1, 24);
  const a2 = v128.load(x2), b2 = v128.load(x2, 16), c2 = v128.load(x2, 8), e2 = v128.load(x2, 24);
  const a3 = v128.load(x3), b3 = v128.load(x3, 16), c3 = v128.load(x3, 8), e3 = v128.load(x3, 24);
  transformColumns(to, step, f32x4.sub(a0, a2), f32x4.sub(b0, b2), f32x4.sub(c0, c2), f32x4.sub(e0, e2));
  to += step << 2;
  transformColumns(to, step, f32x4.add(a1, a2), f32x4.add(b1, b2), f32x4.add(c1, c2), f32x4.add(e1, e2));
  to += step << 2;
  transformColumns(to, step, f32x4.sub(a2, a1), f32x4.sub(b2, b1), f32x4.sub(c2, c1), f32x4.sub(e2, e1));
  to += step << 2;
  transformColumns(to, step, f32x4.sub(a1, a3), f32x4.sub(b1, b3), f32x4.sub(c1, c3), f32x4.sub(e1, e3));
}

/** Pixels 0 to 7 (a, b) and 2 to 9 (c, e) of a transformed row: window i sees pixels 2i to 2i + 3. */
// @ts-ignore: decorator
@inline
function transformColumns(to: usize, step: usize, a: v128, b: v128, c: v128, e: v128): void {
  transformRow(to, step, evens(a, b), odds(a, b), evens(c, e), odds(c, e));
}

/** From 16 sums m (16, 4 windows, 8 channels) the maxima of four windows: values (windows, 8) f32 and indices (windows, 8) bytes. */
function finishWindows(values: usize, indices: usize, m: usize, bias: usize): void {
  for (let i: usize = 0; i < 4; ++i) {
    for (let half: usize = 0; half < 32; half += 16) {
      const at = m + half;
      const s00 = firstOf(at, 0), s01 = firstOf(at, 128), s02 = firstOf(at, 256), s03 = firstOf(at, 384);
      const s10 = secondOf(at, 0), s11 = secondOf(at, 128), s12 = secondOf(at, 256), s13 = secondOf(at, 384);
      const add = v128.load(bias + half);
      const a = f32x4.add(f32x4.add(f32x4.add(s00, s01), s02), add);
      const b = f32x4.add(f32x4.sub(f32x4.sub(s01, s02), s03), add);
      const c = f32x4.add(f32x4.add(f32x4.add(s10, s11), s12), add);
      const d = f32x4.add(f32x4.sub(f32x4.sub(s11, s12), s13), add);
      storeMaxima(values + half, indices + (half >> 2), a, b, c, d);
    }
    m += 32;
    values += 32;
    indices += 8;
  }
}

/** Rows 0, 1 and 2 of a column of m; a row of m is 4 · 128 bytes. */
// @ts-ignore: decorator
@inline
function firstOf(m: usize, column: usize): v128 {
  m += column;
  return f32x4.add(f32x4.add(v128.load(m), v128.load(m, 512)), v128.load(m, 1024));
}

/** Rows 1, 2 and 3. */
// @ts-ignore: decorator
@inline
function secondOf(m: usize, column: usize): v128 {
  m += column;
  return f32x4.sub(f32x4.sub(v128.load(m, 512), v128.load(m, 1024)), v128.load(m, 1536));
}

/** As convReluPool. */
export function winogradPool(
  out: usize, index: usize, x: usize, w: usize, bias: usize, images: usize, meta: usize, scratch: usize,
): void {
  const channels = channelsOf(meta), outputs = outChannelsOf(meta), padded = (outputs + 7) & ~7;
  const down = windowsDownOf(meta), across = windowsAcrossOf(meta), windows = windowsOf(meta);
  const groups = (across + 3) >> 2;
  const rowBytes = (widthOf(meta) + 2 * paddingAcrossOf(meta)) << 2;
  const planeBytes = (heightOf(meta) + 2 * paddingDownOf(meta)) * rowBytes;
  const weights = (scratch + 15) & ~15;
  const blockBytes = channels << 9, stepBytes = channels << 4;
  const biases = weights + (padded >> 3) * blockBytes;
  const pixels = biases + (padded << 2);
  const sums = pixels + groups * (stepBytes << 4);
  const values = sums + 2048;
  const indices = values + (groups << 7);
  const image = indices + (groups << 5);
  transformWeights(weights, w, bias, channels, outputs);
  fillRow(image, 0, channels * (planeBytes >> 2) + SPARE_FLOATS);
  for (let n: usize = 0; n < images; ++n) {
    spreadPlanes(image, x, meta);
    for (let oy: usize = 0; oy < down; ++oy) {
      for (let g: usize = 0; g < groups; ++g) {
        const from = image + 2 * oy * rowBytes + (g << 5), to = pixels + g * (stepBytes << 4);
        for (let c: usize = 0; c < channels; ++c) transformPixels(to + (c << 4), stepBytes, from + c * planeBytes, rowBytes);
      }
      for (let o: usize = 0; o < outputs; o += 8) {
        const block = weights + (o >> 3) * blockBytes;
        for (let g: usize = 0; g < groups; ++g) {
          let a = pixels + g * (stepBytes << 4), b = block;
          for (let m = sums; m < values; m += 128) {
            tile(a, b, 32, channels, m, 32, false);
            a += stepBytes;
            b += stepBytes << 1;
          }
          finishWindows(values + (g << 7), indices + (g << 5), sums, biases + (o << 2));
        }
        const at = o * windows + oy * across;
        storeRow(out + (at << 2), index + at, values, indices, min(8, outputs - o), across, windows);
      }
    }
    x += imageFloatsOf(meta) << 2;
    out += (outputs * windows) << 2;
    index += indexBytesOf(meta);
  }
}
