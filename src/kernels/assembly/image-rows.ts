// Rows of images: copied, filled, added, padded; rows are short, so nothing here calls memory.copy or memory.fill, which cost a call
// out of WebAssembly (tens of nanoseconds). Every worker thread runs it.
import { heightOf, paddedWidthOf, paddingAcrossOf, paddingDownOf, widthOf } from './convolution-meta';
import { loadTail, storeTail } from './lanes';

/** to[0..n) = value. */
// @ts-ignore: decorator
@inline
export function fillRow(to: usize, value: f32, n: usize): void {
  const lanes = f32x4.splat(value);
  const end = to + (n << 2);
  for (; to + 16 <= end; to += 16) v128.store(to, lanes);
  for (; to < end; to += 4) store<f32>(to, value);
}

/** Four floats, `step` floats apart; nothing between is read beyond the last. */
// @ts-ignore: decorator
@inline
export function loadApart(from: usize, step: usize): v128 {
  if (step == 1) return v128.load(from);
  if (step == 2) return v128.shuffle<f32>(v128.load(from), v128.load(from, 12), 0, 2, 5, 7);
  const bytes = step << 2;
  let x = v128.load32_zero(from);
  x = v128.load32_lane(from + bytes, x, 1);
  x = v128.load32_lane(from + 2 * bytes, x, 2);
  return v128.load32_lane(from + 3 * bytes, x, 3);
}

/** to[i] = from[i·step]. */
// @ts-ignore: decorator
@inline
export function copyRow(to: usize, from: usize, n: usize, step: usize): void {
  const end = to + (n << 2);
  const bytes = step << 2;
  for (; to + 16 <= end; to += 16) {
    v128.store(to, loadApart(from, step));
    from += bytes << 2;
  }
  for (; to < end; to += 4) {
    store<f32>(to, load<f32>(from));
    from += bytes;
  }
}

/** to[i·step] += from[i]. */
// @ts-ignore: decorator
@inline
export function addToRow(to: usize, from: usize, n: usize, step: usize): void {
  const end = from + (n << 2);
  if (step == 1) {
    for (; from + 16 <= end; from += 16) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      to += 16;
    }
    const rest = (end - from) >> 2;
    if (rest) storeTail(to, f32x4.add(loadTail(to, rest), loadTail(from, rest)), rest);
    return;
  }
  const bytes = step << 2;
  for (; from < end; from += 4) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += bytes;
  }
}

/** Rows first..first+rows-1 of a channel with its zero padding, counted from the padding's first row, to `to`, closely packed. */
export function padPlane(to: usize, plane: usize, first: usize, rows: usize, meta: usize): void {
  const width = widthOf(meta), height = heightOf(meta);
  const left = paddingAcrossOf(meta), top = paddingDownOf(meta);
  const paddedWidth = paddedWidthOf(meta);
  for (let r = first; r < first + rows; ++r) {
    // Unsigned: a row above the image is far below it.
    const y = r - top;
    if (y < height) {
      fillRow(to, 0, left);
      copyRow(to + (left << 2), plane + ((y * width) << 2), width, 1);
      fillRow(to + ((left + width) << 2), 0, left);
    } else {
      fillRow(to, 0, paddedWidth);
    }
    to += paddedWidth << 2;
  }
}
