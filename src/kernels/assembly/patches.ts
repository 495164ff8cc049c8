// Images → matrices whose columns are the patches under a kernel ("im2col"), and such matrices added back; every worker thread runs it.
// Chellapilla, Puri & Simard 2006, "High performance convolutional neural networks for document processing", section 2.1.
import {
  dilationAcrossOf,
  dilationDownOf,
  kernelHeightOf,
  kernelWidthOf,
  heightOf,
  outWidthOf,
  paddedWidthOf,
  paddingAcrossOf,
  paddingDownOf,
  planeBytesOf,
  strideAcrossOf,
  strideDownOf,
  widthOf,
} from './convolution-meta';
import { addToRow, copyRow, padPlane } from './image-rows';

/**
 * matrix (channels · taps, n), its rows `rowBytes` apart: what output positions first..first+n-1 see of so many channels of x from `x` on.
 * `spare` holds a padded channel.
 */
export function gatherPatches(
  matrix: usize, rowBytes: usize, x: usize, channels: usize, first: usize, n: usize, meta: usize, spare: usize,
): void {
  const kernelHeight = kernelHeightOf(meta), kernelWidth = kernelWidthOf(meta);
  const outWidth = outWidthOf(meta), planeBytes = planeBytesOf(meta);
  const strideDown = strideDownOf(meta), strideAcross = strideAcrossOf(meta);
  const paddedRowBytes = paddedWidthOf(meta) << 2;
  const firstRow = first / outWidth, column = first % outWidth;
  const lastRow = (first + n - 1) / outWidth;
  const top = firstRow * strideDown;
  const rows = (lastRow - firstRow) * strideDown + (kernelHeight - 1) * dilationDownOf(meta) + 1;
  const isPadded = (paddingDownOf(meta) | paddingAcrossOf(meta)) != 0;
  for (let c: usize = 0; c < channels; ++c) {
    const plane = isPadded ? spare : x + top * paddedRowBytes;
    if (isPadded) padPlane(spare, x, top, rows, meta);
    for (let i: usize = 0; i < kernelHeight; ++i) {
      for (let j: usize = 0; j < kernelWidth; ++j) {
        let from = plane + i * dilationDownOf(meta) * paddedRowBytes + ((j * dilationAcrossOf(meta)) << 2);
        let to = matrix, rest = n, ox = column;
        while (rest) {
          const count = min(outWidth - ox, rest);
          copyRow(to, from + ((ox * strideAcross) << 2), count, strideAcross);
          to += count << 2;
          rest -= count;
          ox = 0;
          from += strideDown * paddedRowBytes;
        }
        matrix += rowBytes;
      }
    }
    x += planeBytes;
  }
}

/** The least i with i·step >= offset, not below 0. */
// @ts-ignore: decorator
@inline
function firstAtLeast(offset: isize, step: isize): isize {
  return offset > 0 ? (offset + step - 1) / step : 0;
}

/**
 * Adds a matrix as of gatherPatches to the channels it was gathered from. An element of dx gets its terms in the order of the
 * output positions they come from, however the positions are cut into calls: rows downwards, and taps of a row from right to left.
 */
export function scatterPatches(
  dx: usize, matrix: usize, rowBytes: usize, channels: usize, first: usize, n: usize, meta: usize,
): void {
  const kernelHeight = kernelHeightOf(meta), kernelWidth = kernelWidthOf(meta);
  const outWidth = outWidthOf(meta), width = widthOf(meta);
  const strideAcross = strideAcrossOf(meta);
  for (let c: usize = 0; c < channels; ++c) {
    let from = matrix, rest = n, ox = first % outWidth;
    for (let oy = first / outWidth; rest; ++oy) {
      const count = min(outWidth - ox, rest);
      for (let i: usize = 0; i < kernelHeight; ++i) {
        // Unsigned: a row above the image is far below it.
        const y = oy * strideDownOf(meta) + i * dilationDownOf(meta) - paddingDownOf(meta);
        if (y >= heightOf(meta)) continue;
        for (let j = kernelWidth; j-- > 0; ) {
          const offset = <isize>paddingAcrossOf(meta) - <isize>(j * dilationAcrossOf(meta));
          const low = max(<isize>ox, firstAtLeast(offset, strideAcross));
          const high = min(<isize>(ox + count), firstAtLeast(offset + <isize>width, strideAcross));
          if (low >= high) continue;
          const to = dx + ((y * width + <usize>(low * <isize>strideAcross - offset)) << 2);
          const tap = from + (i * kernelWidth + j) * rowBytes;
          addToRow(to, tap + ((<usize>low - ox) << 2), <usize>(high - low), strideAcross);
        }
      }
      from += count << 2;
      rest -= count;
      ox = 0;
    }
    matrix += kernelHeight * kernelWidth * rowBytes;
    dx += planeBytesOf(meta);
  }
}
