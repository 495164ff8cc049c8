// Images (C, H, W) → images (H + border, W + border, C), a pixel's channels together, and back; every worker thread runs it. So a row of
// a kernel sees floats that lie together, and there is no edge.
import {
  borderedFloatsOf,
  borderedRowBytesOf,
  channelsOf,
  heightOf,
  paddingAcrossOf,
  paddingDownOf,
  pixelBytesOf,
  widthOf,
} from './pooled-convolution-meta';
import { copyRow, fillRow } from './image-rows';

/** Four lines of four floats, `fromBytes` apart, to four columns of them, `toBytes` apart. */
// @ts-ignore: decorator
@inline
function transpose4(to: usize, toBytes: usize, from: usize, fromBytes: usize): void {
  const from2 = from + 2 * fromBytes, to2 = to + 2 * toBytes;
  const r0 = v128.load(from), r1 = v128.load(from + fromBytes);
  const r2 = v128.load(from2), r3 = v128.load(from2 + fromBytes);
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(t0, t2, 0, 2));
  v128.store(to + toBytes, v128.shuffle<f64>(t0, t2, 1, 3));
  v128.store(to2, v128.shuffle<f64>(t1, t3, 0, 2));
  v128.store(to2 + toBytes, v128.shuffle<f64>(t1, t3, 1, 3));
}

/**
 * to (columns, rows) = from (rows, columns); rows lie `toBytes` and `fromBytes` apart. Where a side is no multiple of 4, its last four are
 * done together, some of them again.
 */
export function transpose(to: usize, toBytes: usize, from: usize, fromBytes: usize, rows: usize, columns: usize): void {
  if (rows < 4 || columns < 4) return transposeSlowly(to, toBytes, from, fromBytes, rows, columns);
  const lastRow = rows - 4, lastColumn = columns - 4;
  for (let r: usize = 0; ; r = min(r + 4, lastRow)) {
    const line = from + r * fromBytes, column = to + (r << 2);
    for (let c: usize = 0; c < lastColumn; c += 4) transpose4(column + c * toBytes, toBytes, line + (c << 2), fromBytes);
    transpose4(column + lastColumn * toBytes, toBytes, line + (lastColumn << 2), fromBytes);
    if (r == lastRow) return;
  }
}

function transposeSlowly(to: usize, toBytes: usize, from: usize, fromBytes: usize, rows: usize, columns: usize): void {
  for (let r: usize = 0; r < rows; ++r) {
    let line = from, cell = to;
    for (let c: usize = 0; c < columns; ++c) {
      store<f32>(cell, load<f32>(line));
      line += 4;
      cell += toBytes;
    }
    from += fromBytes;
    to += 4;
  }
}

/** Zeros everywhere, the border among it. */
export function clearBordered(image: usize, meta: usize): void {
  fillRow(image, 0, borderedFloatsOf(meta));
}

/** Writes x inside the border. */
export function spreadChannels(image: usize, x: usize, meta: usize): void {
  const channels = channelsOf(meta), width = widthOf(meta), height = heightOf(meta);
  const rowBytes = borderedRowBytesOf(meta);
  let to = image + paddingDownOf(meta) * rowBytes + paddingAcrossOf(meta) * pixelBytesOf(meta);
  for (let y: usize = 0; y < height; ++y) {
    if (channels == 1) copyRow(to, x, width, 1);
    else transpose(to, channels << 2, x, (height * width) << 2, channels, width);
    x += width << 2;
    to += rowBytes;
  }
}

/** x = what lies inside the border. */
export function gatherChannels(x: usize, image: usize, meta: usize): void {
  const channels = channelsOf(meta), width = widthOf(meta), height = heightOf(meta);
  const rowBytes = borderedRowBytesOf(meta);
  let from = image + paddingDownOf(meta) * rowBytes + paddingAcrossOf(meta) * pixelBytesOf(meta);
  for (let y: usize = 0; y < height; ++y) {
    if (channels == 1) copyRow(x, from, width, 1);
    else transpose(x, (height * width) << 2, from, channels << 2, width, channels);
    x += width << 2;
    from += rowBytes;
  }
}
