// The gradients of a convolution with ReLU and 2 x 2 maxima behind it, from the maxima's gradient and their index bytes: of the convolution's
// own gradient three of four elements and more are zero, and only the others are looked at. Every worker thread runs it.
//
// For each channel of the result a list says of which pixel on a window's maximum saw the image, and its gradient; it is made without a
// branch, as no branch predictor knows where ReLU lets nothing through.
import { fillRow } from './image-rows';
import { clearBordered, gatherChannels, spreadChannels } from './image-layouts';
import {
  bandRowsOf,
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
  windowsOf,
} from './pooled-convolution-meta';

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** Vectors of a row of the kernel; what is beyond it in the last one is zero or not used. */
// @ts-ignore: decorator
@inline
function rowVectorsOf(meta: usize): usize { return (kernelRowFloatsOf(meta) + 3) >> 2; }

/**
 * Lists (address of the first pixel seen, gradient), 8 bytes each, of `rows` rows of windows of one channel in their order, without those
 * whose index byte is 255; `pixel` is the first window's. Gives the list's end.
 */
function listAlive(
  list: usize, dOut: usize, index: usize, pixel: usize, rows: usize, across: usize, pixelBytes: usize, rowBytes: usize,
): usize {
  for (; rows; --rows) {
    let at = pixel;
    const end = index + across;
    for (; index < end; ++index) {
      const place = <usize>load<u8>(index);
      store<usize>(list, at + (place & 1) * pixelBytes + ((place >> 1) & 1) * rowBytes);
      store<f32>(list, load<f32>(dOut), 4);
      list += 8 - ((place >> 7) << 3);
      at += pixelBytes << 1;
      dOut += 4;
    }
    pixel += rowBytes << 1;
  }
  return list;
}

/** to[0..24) += the sum from 0 over the list of gradient · the 24 floats `offset` bytes behind its address. */
function sumSix(to: usize, list: usize, end: usize, offset: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a;
  for (; list < end; list += 8) {
    const x = load<usize>(list) + offset;
    const g = v128.load32_splat(list, 4);
    a = madd(g, v128.load(x), a);
    b = madd(g, v128.load(x, 16), b);
    c = madd(g, v128.load(x, 32), c);
    d = madd(g, v128.load(x, 48), d);
    e = madd(g, v128.load(x, 64), e);
    f = madd(g, v128.load(x, 80), f);
  }
  v128.store(to, f32x4.add(v128.load(to), a));
  v128.store(to, f32x4.add(v128.load(to, 16), b), 16);
  v128.store(to, f32x4.add(v128.load(to, 32), c), 32);
  v128.store(to, f32x4.add(v128.load(to, 48), d), 48);
  v128.store(to, f32x4.add(v128.load(to, 64), e), 64);
  v128.store(to, f32x4.add(v128.load(to, 80), f), 80);
}

/** The same for three vectors, `step` bytes apart there and `toStep` here. */
function sumThree(to: usize, toStep: usize, list: usize, end: usize, offset: usize, step: usize): void {
  let a = f32x4.splat(0), b = a, c = a;
  for (; list < end; list += 8) {
    const x = load<usize>(list) + offset;
    const g = v128.load32_splat(list, 4);
    a = madd(g, v128.load(x), a);
    const second = x + step;
    b = madd(g, v128.load(second), b);
    c = madd(g, v128.load(second + step), c);
  }
  v128.store(to, f32x4.add(v128.load(to), a));
  to += toStep;
  v128.store(to, f32x4.add(v128.load(to), b));
  to += toStep;
  v128.store(to, f32x4.add(v128.load(to), c));
}

/** The same for one vector. */
function sumOne(to: usize, list: usize, end: usize, offset: usize): void {
  let a = f32x4.splat(0);
  for (; list < end; list += 8) a = madd(v128.load32_splat(list, 4), v128.load(load<usize>(list) + offset), a);
  v128.store(to, f32x4.add(v128.load(to), a));
}

/**
 * A patch of KH rows, `toStep` bytes apart, of `vectors` vectors each += the sum over the list of gradient · the patch at its address, whose
 * rows lie `step` bytes apart.
 */
function sumPatches(
  to: usize, toStep: usize, list: usize, end: usize, step: usize, kernelHeight: usize, vectors: usize,
): void {
  const runBytes = vectors << 4;
  let offset: usize = 0;
  // Narrow rows go three at a time: the list costs as much as the vectors then.
  if (vectors < 3) {
    for (; kernelHeight >= 3; kernelHeight -= 3) {
      for (let v: usize = 0; v < runBytes; v += 16) sumThree(to + v, toStep, list, end, offset + v, step);
      to += 3 * toStep;
      offset += 3 * step;
    }
  }
  for (; kernelHeight; --kernelHeight) {
    let v: usize = 0;
    for (; v + 96 <= runBytes; v += 96) sumSix(to + v, list, end, offset + v);
    for (; v + 48 <= runBytes; v += 48) sumThree(to + v, 16, list, end, offset + v, 16);
    for (; v < runBytes; v += 16) sumOne(to + v, list, end, offset + v);
    to += toStep;
    offset += step;
  }
}

/** (O, C, KH, KW) → (O, KH, rows of whole vectors (KW, C)), or back where `isBack`; what is beyond a row is 0. */
function reorderWeights(byRows: usize, w: usize, isBack: bool, meta: usize): void {
  const channels = channelsOf(meta), outputs = outChannelsOf(meta);
  const kernelHeight = kernelHeightOf(meta), kernelWidth = kernelWidthOf(meta);
  const rowBytes = rowVectorsOf(meta) << 4;
  if (!isBack) fillRow(byRows, 0, (outputs * kernelHeight * rowBytes) >> 2);
  for (let o: usize = 0; o < outputs; ++o) {
    for (let c: usize = 0; c < channels; ++c) {
      for (let i: usize = 0; i < kernelHeight; ++i) {
        for (let j: usize = 0; j < kernelWidth; ++j) {
          const cell = byRows + i * rowBytes + ((j * channels + c) << 2);
          if (isBack) store<f32>(w, load<f32>(cell));
          else store<f32>(cell, load<f32>(w));
          w += 4;
        }
      }
    }
    byRows += kernelHeight * rowBytes;
  }
}

/**
 * dw (O, C, KH, KW) = [dw +] the gradient by the weights. A band of an image is summed window by window from 0; bands and images are added
 * in their order, so that cutting images into calls changes no bit.
 */
export function convReluPoolWeight(
  dw: usize, x: usize, dOut: usize, index: usize, accumulate: i32, images: usize, meta: usize, scratch: usize,
): void {
  const image = (scratch + 15) & ~15;
  const sums = (image + (borderedFloatsOf(meta) << 2) + 15) & ~15;
  const outputs = outChannelsOf(meta), kernelHeight = kernelHeightOf(meta), vectors = rowVectorsOf(meta);
  const sumBytes = (kernelHeight * vectors) << 4;
  const list = sums + outputs * sumBytes;
  const down = windowsDownOf(meta), across = windowsAcrossOf(meta), windows = windowsOf(meta), band = bandRowsOf(meta);
  const pixelBytes = pixelBytesOf(meta), rowBytes = borderedRowBytesOf(meta);
  if (accumulate) reorderWeights(sums, dw, false, meta);
  else fillRow(sums, 0, (outputs * sumBytes) >> 2);
  clearBordered(image, meta);
  for (let n: usize = 0; n < images; ++n) {
    spreadChannels(image, x, meta);
    for (let top: usize = 0; top < down; top += band) {
      const rows = min(band, down - top);
      for (let o: usize = 0; o < outputs; ++o) {
        const at = o * windows + top * across;
        const pixel = image + 2 * top * rowBytes;
        const end = listAlive(list, dOut + (at << 2), index + at, pixel, rows, across, pixelBytes, rowBytes);
        sumPatches(sums + o * sumBytes, vectors << 4, list, end, rowBytes, kernelHeight, vectors);
      }
    }
    x += imageFloatsOf(meta) << 2;
    dOut += (outputs * windows) << 2;
    index += indexBytesOf(meta);
  }
  reorderWeights(sums, dw, true, meta);
}

/**
 * Lists (address of a channel's weights, gradient) of one window's channels in their order: four lists `listBytes` apart, one for each
 * position of the window, whose ends go to `ends` (5 words); what ReLU lets not through goes to a fifth.
 */
function listByPosition(
  lists: usize, listBytes: usize, ends: usize, dOut: usize, index: usize, windows: usize, weights: usize, weightBytes: usize,
  outputs: usize,
): void {
  for (let place: usize = 0; place < 5; ++place) store<usize>(ends + (place << 2), lists + place * listBytes);
  for (; outputs; --outputs) {
    const end = ends + (min(<u32>load<u8>(index), 4) << 2);
    const entry = load<usize>(end);
    store<usize>(entry, weights);
    store<f32>(entry, load<f32>(dOut), 4);
    store<usize>(end, entry + 8);
    index += windows;
    dOut += windows << 2;
    weights += weightBytes;
  }
}

/**
 * dx (images, C, H, W) = the gradient by the images. What a position of a window saw gets, from 0, the sum of gradient · weights over
 * the channels whose maximum lies there; windows are added row by row, and their positions likewise.
 */
export function convReluPoolInput(
  dx: usize, dOut: usize, index: usize, w: usize, images: usize, meta: usize, scratch: usize,
): void {
  const image = (scratch + 15) & ~15;
  const weights = (image + (borderedFloatsOf(meta) << 2) + 15) & ~15;
  const outputs = outChannelsOf(meta), kernelHeight = kernelHeightOf(meta), vectors = rowVectorsOf(meta);
  const weightBytes = (kernelHeight * vectors) << 4, listBytes = outputs << 3;
  const ends = weights + outputs * weightBytes;
  const lists = ends + 32;
  const down = windowsDownOf(meta), across = windowsAcrossOf(meta), windows = down * across;
  const pixelBytes = pixelBytesOf(meta), rowBytes = borderedRowBytesOf(meta);
  reorderWeights(weights, w, false, meta);
  for (let n: usize = 0; n < images; ++n) {
    clearBordered(image, meta);
    let at: usize = 0;
    for (let oy: usize = 0; oy < down; ++oy) {
      let pixel = image + 2 * oy * rowBytes;
      for (let ox: usize = 0; ox < across; ++ox) {
        listByPosition(lists, listBytes, ends, dOut + (at << 2), index + at, windows, weights, weightBytes, outputs);
        for (let place: usize = 0; place < 4; ++place) {
          const list = lists + place * listBytes, end = load<usize>(ends + (place << 2));
          const to = pixel + (place & 1) * pixelBytes + (place >> 1) * rowBytes;
          if (list < end) sumPatches(to, rowBytes, list, end, vectors << 4, kernelHeight, vectors);
        }
        pixel += pixelBytes << 1;
        ++at;
      }
    }
    gatherChannels(dx, image, meta);
    dx += imageFloatsOf(meta) << 2;
    dOut += (outputs * windows) << 2;
    index += indexBytesOf(meta);
  }
}

/** db (O) = [db +] the gradient by the bias: of each image's channel the sum over windows in four lanes, images in their order. */
export function convReluPoolBias(
  db: usize, dOut: usize, index: usize, accumulate: i32, images: usize, outputs: usize, windows: usize,
): void {
  if (!accumulate) fillRow(db, 0, outputs);
  for (let n: usize = 0; n < images; ++n) {
    let at = index;
    for (let o: usize = 0; o < outputs; ++o) {
      const to = db + (o << 2);
      store<f32>(to, load<f32>(to) + sumAlive(dOut, at, windows));
      dOut += windows << 2;
      at += windows;
    }
    index += (outputs * windows + 3) & ~3;
  }
}

/** The sum of those of n floats whose index byte is not 255: float i in lane i mod 4, then lanes (0 + 2) + (1 + 3). */
function sumAlive(g: usize, index: usize, n: usize): f32 {
  let sum = f32x4.splat(0);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const words = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(index + i)));
    sum = f32x4.add(sum, v128.andnot(v128.load(g + (i << 2)), i32x4.shr_s(words, 31)));
  }
  if (i < n) {
    let rest = f32x4.replace_lane(f32x4.splat(0), 0, aliveAt(g, index, i, n));
    rest = f32x4.replace_lane(rest, 1, aliveAt(g, index, i + 1, n));
    sum = f32x4.add(sum, f32x4.replace_lane(rest, 2, aliveAt(g, index, i + 2, n)));
  }
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 2) + (f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 3));
}

// @ts-ignore: decorator
@inline
function aliveAt(g: usize, index: usize, i: usize, n: usize): f32 {
  return i < n && load<u8>(index + i) < 128 ? load<f32>(g + (i << 2)) : 0;
}
