// Parts of arrays, strided → contiguous arrays and back, and rows picked by index; every worker thread runs them.
// meta: i32 extents d[rank], then i32 strides[rank] in elements, which may be negative; 32-bit arithmetic wraps round as it should.

/** The element offset of the position `index` (row-major) over the first `rank` extents. */
// @ts-ignore: decorator
@inline
function viewOffset(index: usize, rank: usize, meta: usize, strides: usize): usize {
  let offset: usize = 0;
  for (let d = rank; d > 0; --d) {
    const extent = load<usize>(meta + ((d - 1) << 2));
    offset += (index % extent) * load<usize>(strides + ((d - 1) << 2));
    index /= extent;
  }
  return offset;
}

/** Copies `count` floats; steps in bytes. A loop for short runs, as memory.copy costs a call of the engine. */
// @ts-ignore: decorator
@inline
function copyRun(to: usize, toStep: usize, from: usize, fromStep: usize, count: usize): void {
  if (toStep == 4 && fromStep == 4) {
    if (count >= 128) {
      memory.copy(to, from, count << 2);
      return;
    }
    for (; count >= 4; count -= 4) {
      v128.store(to, v128.load(from));
      to += 16;
      from += 16;
    }
  }
  for (; count > 0; --count) {
    store<u32>(to, load<u32>(from));
    to += toStep;
    from += fromStep;
  }
}

/** out (rows, d0, …) contiguous = the view of x that begins at element `offset`, its samples rowStride elements apart. */
export function copyFromView(out: usize, x: usize, offset: usize, rows: usize, rowStride: usize, rank: usize, meta: usize): void {
  const strides = meta + (rank << 2);
  const inner = load<usize>(meta + ((rank - 1) << 2)), step = load<usize>(strides + ((rank - 1) << 2)) << 2;
  let outer: usize = 1;
  for (let d: usize = 0; d + 1 < rank; ++d) outer *= load<usize>(meta + (d << 2));
  for (let r: usize = 0; r < rows; ++r) {
    const row = x + ((offset + r * rowStride) << 2);
    for (let o: usize = 0; o < outer; ++o) {
      copyRun(out, 4, row + (viewOffset(o, rank - 1, meta, strides) << 2), step, inner);
      out += inner << 2;
    }
  }
}

/** The view of out = x (rows, d0, …) contiguous; what lies around the view stays. */
export function copyToView(out: usize, offset: usize, x: usize, rows: usize, rowStride: usize, rank: usize, meta: usize): void {
  const strides = meta + (rank << 2);
  const inner = load<usize>(meta + ((rank - 1) << 2)), step = load<usize>(strides + ((rank - 1) << 2)) << 2;
  let outer: usize = 1;
  for (let d: usize = 0; d + 1 < rank; ++d) outer *= load<usize>(meta + (d << 2));
  for (let r: usize = 0; r < rows; ++r) {
    const row = out + ((offset + r * rowStride) << 2);
    for (let o: usize = 0; o < outer; ++o) {
      copyRun(row + (viewOffset(o, rank - 1, meta, strides) << 2), step, x, 4, inner);
      x += inner << 2;
    }
  }
}

/**
 * out (rows, count, width) = table[ids], the table (length, width) of row r tableRowStride elements behind that of row r-1, its ids
 * idRowStride. An id that is not below `length` reads nothing and gives a row of NaN, so that the run halts.
 */
export function takeRows(
  out: usize, ids: usize, table: usize, rows: usize, idRowStride: usize, tableRowStride: usize, count: usize, length: usize, width: usize,
): void {
  const widthBytes = width << 2;
  for (let r: usize = 0; r < rows; ++r) {
    const rowIds = ids + ((r * idRowStride) << 2), rowTable = table + ((r * tableRowStride) << 2);
    for (let i: usize = 0; i < count; ++i) {
      const id = load<u32>(rowIds + (i << 2));
      if (id < <u32>length) copyRun(out, 4, rowTable + <usize>id * widthBytes, 4, width);
      else for (let j: usize = 0; j < widthBytes; j += 4) store<f32>(out + j, NaN);
      out += widthBytes;
    }
  }
}

/**
 * The transpose of takeRows: out[ids] += x (rows, count, width), one row after the other; an id that is not below `length` adds
 * nothing. out (outElements) is zeroed first unless accumulate.
 */
export function sumTakenRows(
  out: usize, ids: usize, x: usize, rows: usize, idRowStride: usize, outRowStride: usize, count: usize, length: usize, width: usize,
  accumulate: i32, outElements: usize,
): void {
  if (!accumulate) memory.fill(out, 0, outElements << 2);
  const widthBytes = width << 2;
  for (let r: usize = 0; r < rows; ++r) {
    const rowIds = ids + ((r * idRowStride) << 2), rowOut = out + ((r * outRowStride) << 2);
    for (let i: usize = 0; i < count; ++i) {
      const id = load<u32>(rowIds + (i << 2));
      if (id < <u32>length) addRun(rowOut + <usize>id * widthBytes, x, width);
      x += widthBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
function addRun(to: usize, from: usize, count: usize): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; count > 0; --count) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += 4;
    from += 4;
  }
}
