// Convolutions in which each channel of x has outputs of its own (groups = C): no matrix is worth building for so few products.
// Sums have the order of convolution.ts: a tap after the other for an output, outputs of a channel, then output positions, for dx,
// gemm's blocks of positions for dw. Every worker thread runs it.
import {
  blockDepthOf,
  channelsOf,
  dilationAcrossOf,
  dilationDownOf,
  groupsOf,
  heightOf,
  kernelHeightOf,
  kernelWidthOf,
  outChannelsOf,
  outHeightOf,
  outWidthOf,
  paddedWidthOf,
  paddingAcrossOf,
  paddingDownOf,
  planeBytesOf,
  positionsOf,
  strideAcrossOf,
  strideDownOf,
  tapsOf,
  widthOf,
} from './convolution-meta';
import { copyRow, fillRow, loadApart, padPlane } from './image-rows';
import { loadTail, storeTail } from './lanes';

/** gemm sums more terms than that in several blocks. */
const MOST_TERMS: usize = 512;

/** Whether these loops are used: a channel a group, and no sum of more than one of gemm's blocks. */
export function isDepthwise(meta: usize): bool {
  const groups = groupsOf(meta);
  return groups > 1 && groups == channelsOf(meta) && tapsOf(meta) <= MOST_TERMS && outChannelsOf(meta) / groups <= MOST_TERMS;
}

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

// @ts-ignore: decorator
@inline
function paddedRows(meta: usize): usize {
  return heightOf(meta) + 2 * paddingDownOf(meta);
}

/** conv2d of such a convolution; `plane` holds a padded channel and 4 floats. */
export function depthwiseForward(
  out: usize, x: usize, w: usize, bias: usize, images: usize, meta: usize, plane: usize,
): void {
  const channels = channelsOf(meta), outputs = outChannelsOf(meta), multiplier = outputs / channels;
  const taps = tapsOf(meta), outBytes = positionsOf(meta) << 2;
  for (let n: usize = 0; n < images; ++n) {
    for (let o: usize = 0; o < outputs; ++o) {
      if (o % multiplier == 0) {
        padPlane(plane, x, 0, paddedRows(meta), meta);
        x += planeBytesOf(meta);
      }
      forwardPlane(out, plane, w + ((o * taps) << 2), bias ? bias + (o << 2) : 0, meta);
      out += outBytes;
    }
  }
}

/** One output channel. */
function forwardPlane(out: usize, plane: usize, w: usize, bias: usize, meta: usize): void {
  const kernelHeight = kernelHeightOf(meta), kernelWidth = kernelWidthOf(meta);
  const stride = strideAcrossOf(meta), outWidth = outWidthOf(meta);
  const rowBytes = paddedWidthOf(meta) << 2;
  const tapBytes = dilationAcrossOf(meta) << 2, downBytes = dilationDownOf(meta) * rowBytes;
  const before = f32x4.splat(bias ? load<f32>(bias) : 0);
  for (let oy: usize = 0; oy < outHeightOf(meta); ++oy) {
    for (let ox: usize = 0; ox < outWidth; ox += 4) {
      const rest = outWidth - ox;
      let sum = f32x4.splat(0);
      let tap = w, row = plane + ((ox * stride) << 2);
      for (let i: usize = 0; i < kernelHeight; ++i) {
        let from = row;
        for (let j: usize = 0; j < kernelWidth; ++j) {
          sum = madd(v128.load32_splat(tap), loadSeen(from, stride, rest), sum);
          tap += 4;
          from += tapBytes;
        }
        row += downBytes;
      }
      if (bias) sum = f32x4.add(before, sum);
      if (rest >= 4) v128.store(out, sum);
      else storeTail(out, sum, rest);
      out += min(rest, 4) << 2;
    }
    plane += strideDownOf(meta) * rowBytes;
  }
}

/** The first min(count, 4) of floats `step` apart; neighbours are read as four, as 4 floats behind the plane may be read. */
// @ts-ignore: decorator
@inline
function loadSeen(from: usize, step: usize, count: usize): v128 {
  if (step == 1 || count >= 4) return loadApart(from, step);
  let x = v128.load32_zero(from);
  if (count > 1) x = v128.load32_lane(from + (step << 2), x, 1);
  return count > 2 ? v128.load32_lane(from + (step << 3), x, 2) : x;
}

/** conv2dInput of such a convolution; `plane` holds a padded channel. */
export function depthwiseInput(
  dx: usize, dOut: usize, w: usize, bias: usize, images: usize, meta: usize, plane: usize,
): void {
  const channels = channelsOf(meta), multiplier = outChannelsOf(meta) / channels;
  const width = widthOf(meta), rowBytes = paddedWidthOf(meta) << 2;
  const inside = plane + paddingDownOf(meta) * rowBytes + (paddingAcrossOf(meta) << 2);
  for (let n: usize = 0; n < images; ++n) {
    for (let c: usize = 0; c < channels; ++c) {
      fillRow(plane, bias ? load<f32>(bias + (c << 2)) : 0, paddedRows(meta) * paddedWidthOf(meta));
      scatterPlane(plane, dOut, w + ((c * multiplier * tapsOf(meta)) << 2), multiplier, meta);
      for (let y: usize = 0; y < heightOf(meta); ++y) {
        copyRow(dx, inside + y * rowBytes, width, 1);
        dx += width << 2;
      }
      dOut += (multiplier * positionsOf(meta)) << 2;
    }
  }
}

/** Adds what `multiplier` output channels give to the padded channel that they see. */
function scatterPlane(plane: usize, dOut: usize, w: usize, multiplier: usize, meta: usize): void {
  const kernelWidth = kernelWidthOf(meta), outWidth = outWidthOf(meta);
  const outBytes = positionsOf(meta) << 2, tapBytes = tapsOf(meta) << 2, rowBytes = paddedWidthOf(meta) << 2;
  for (let oy: usize = 0; oy < outHeightOf(meta); ++oy) {
    for (let i: usize = 0; i < kernelHeightOf(meta); ++i) {
      const row = plane + (oy * strideDownOf(meta) + i * dilationDownOf(meta)) * rowBytes;
      for (let j = kernelWidth; j-- > 0; ) {
        const to = row + ((j * dilationAcrossOf(meta)) << 2);
        scatterRow(to, dOut, w + ((i * kernelWidth + j) << 2), multiplier, outBytes, tapBytes, outWidth, strideAcrossOf(meta));
      }
    }
    dOut += outWidth << 2;
  }
}

/** to[ox·stride] += the sum over output channels of their tap times dOut[ox]. */
// @ts-ignore: decorator
@inline
function scatterRow(
  to: usize, dOut: usize, tap: usize, multiplier: usize, outBytes: usize, tapBytes: usize, outWidth: usize, stride: usize,
): void {
  for (let ox: usize = 0; ox < outWidth; ox += 4) {
    const rest = outWidth - ox;
    let sum = f32x4.splat(0);
    for (let m: usize = 0; m < multiplier; ++m) {
      const from = dOut + (ox << 2) + m * outBytes;
      sum = madd(v128.load32_splat(tap + m * tapBytes), rest >= 4 ? v128.load(from) : loadTail(from, rest), sum);
    }
    if (stride == 1 && rest >= 4) v128.store(to, f32x4.add(v128.load(to), sum));
    else if (stride == 1) storeTail(to, f32x4.add(loadTail(to, rest), sum), rest);
    else addLanes(to, sum, rest, stride << 2);
    to += stride << 4;
  }
}

/** Adds the first min(count, 4) lanes to floats `bytes` apart. */
// @ts-ignore: decorator
@inline
function addLanes(to: usize, x: v128, count: usize, bytes: usize): void {
  store<f32>(to, load<f32>(to) + f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(to + bytes, load<f32>(to + bytes) + f32x4.extract_lane(x, 1));
  if (count > 2) store<f32>(to + 2 * bytes, load<f32>(to + 2 * bytes) + f32x4.extract_lane(x, 2));
  if (count > 3) store<f32>(to + 3 * bytes, load<f32>(to + 3 * bytes) + f32x4.extract_lane(x, 3));
}

/** conv2dWeight of one image and one channel of such a convolution; `plane` holds a padded channel and 4 floats. */
export function depthwiseWeight(dw: usize, x: usize, dOut: usize, accumulate: i32, meta: usize, plane: usize): void {
  const kernelHeight = kernelHeightOf(meta), kernelWidth = kernelWidthOf(meta), positions = positionsOf(meta);
  const multiplier = outChannelsOf(meta) / channelsOf(meta), depth = blockDepthOf(meta);
  padPlane(plane, x, 0, paddedRows(meta), meta);
  for (let m: usize = 0; m < multiplier; ++m) {
    for (let p: usize = 0; p < positions; p += depth) {
      const n = min(depth, positions - p);
      const hasBefore = accumulate != 0 || p > 0;
      for (let i: usize = 0; i < kernelHeight; i += 3) {
        for (let j: usize = 0; j < kernelWidth; j += 4) sumTaps(dw, plane, dOut, p, n, i, j, hasBefore, meta);
      }
    }
    dw += tapsOf(meta) << 2;
    dOut += positions << 2;
  }
}

/**
 * Up to three rows of up to four taps from tap (i, j) on: dw = [dw +] the sum over positions p..p+n-1 of dOut times what the tap sees.
 * Lanes are taps, so that each is summed in the order of positions; three rows hide the additions' latency.
 */
function sumTaps(
  dw: usize, plane: usize, dOut: usize, p: usize, n: usize, i: usize, j: usize, hasBefore: bool, meta: usize,
): void {
  const kernelWidth = kernelWidthOf(meta), outWidth = outWidthOf(meta), dilation = dilationAcrossOf(meta);
  const rowBytes = paddedWidthOf(meta) << 2, downBytes = dilationDownOf(meta) * rowBytes;
  const rows = min(3, kernelHeightOf(meta) - i), columns = min(4, kernelWidth - j);
  const second = rows > 1 ? downBytes : 0, third = rows > 2 ? downBytes << 1 : 0;
  const strideBytes = strideAcrossOf(meta) << 2;
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0), sum2 = f32x4.splat(0);
  let oy = p / outWidth, ox = p % outWidth;
  const start = plane + i * downBytes + ((j * dilation) << 2);
  const end = p + n;
  while (p < end) {
    const count = min(outWidth - ox, end - p);
    let from = start + oy * strideDownOf(meta) * rowBytes + ox * strideBytes;
    for (let k: usize = 0; k < count; ++k) {
      const g = v128.load32_splat(dOut + ((p + k) << 2));
      sum0 = madd(g, loadSeen(from, dilation, columns), sum0);
      sum1 = madd(g, loadSeen(from + second, dilation, columns), sum1);
      sum2 = madd(g, loadSeen(from + third, dilation, columns), sum2);
      from += strideBytes;
    }
    p += count;
    ++oy;
    ox = 0;
  }
  const to = dw + ((i * kernelWidth + j) << 2);
  storeTaps(to, sum0, columns, hasBefore);
  if (rows > 1) storeTaps(to + (kernelWidth << 2), sum1, columns, hasBefore);
  if (rows > 2) storeTaps(to + (kernelWidth << 3), sum2, columns, hasBefore);
}

// @ts-ignore: decorator
@inline
function storeTaps(to: usize, sum: v128, columns: usize, hasBefore: bool): void {
  if (columns == 4) {
    v128.store(to, hasBefore ? f32x4.add(v128.load(to), sum) : sum);
  } else {
    storeTail(to, hasBefore ? f32x4.add(loadTail(to, columns), sum) : sum, columns);
  }
}
