// Strided views → contiguous arrays, and the gradient back: broadcasting, transposing, slicing; every worker thread runs it.
// meta: i32 extents d[rank], then i32 strides[rank] in elements; stride 0 broadcasts.

/** The number of elements of one row: the product of the extents. */
function rowElements(rank: usize, meta: usize): usize {
  let elements: usize = 1;
  for (let d: usize = 0; d < rank; ++d) elements *= load<usize>(meta + (d << 2));
  return elements;
}

/** The element offset in the strided array of the position `index` (row-major) over the first `rank` extents. */
// @ts-ignore: decorator
@inline
function stridedOffset(index: usize, rank: usize, meta: usize, strides: usize): usize {
  let offset: usize = 0;
  for (let d = rank; d > 0; --d) {
    const extent = load<usize>(meta + ((d - 1) << 2));
    offset += (index % extent) * load<usize>(strides + ((d - 1) << 2));
    index /= extent;
  }
  return offset;
}

/** out (rows, d0, …) contiguous = the strided array x. */
export function copyStrided(out: usize, x: usize, rows: usize, xRowStride: usize, rank: usize, meta: usize): void {
  const elements = rowElements(rank, meta);
  const strides = meta + (rank << 2);
  const inner: usize = rank ? load<usize>(meta + ((rank - 1) << 2)) : 1;
  const step: usize = rank ? load<usize>(strides + ((rank - 1) << 2)) : 1;
  const outer = inner ? elements / inner : 0;
  for (let r: usize = 0; r < rows; ++r) {
    const row = x + ((r * xRowStride) << 2);
    for (let o: usize = 0; o < outer; ++o) {
      const from = row + (stridedOffset(o, rank ? rank - 1 : 0, meta, strides) << 2);
      if (step == 1) memory.copy(out, from, inner << 2);
      else for (let i: usize = 0; i < inner; ++i) store<f32>(out + (i << 2), load<f32>(from + ((i * step) << 2)));
      out += inner << 2;
    }
  }
}

/** The strided array out += x (rows, d0, …) contiguous, in x's order; out (outElements) is zeroed first unless accumulate. */
export function sumStrided(
  out: usize, x: usize, rows: usize, outRowStride: usize, rank: usize, meta: usize, accumulate: i32, outElements: usize,
): void {
  if (!accumulate) memory.fill(out, 0, outElements << 2);
  const elements = rowElements(rank, meta);
  const strides = meta + (rank << 2);
  const inner: usize = rank ? load<usize>(meta + ((rank - 1) << 2)) : 1;
  const step: usize = (rank ? load<usize>(strides + ((rank - 1) << 2)) : 1) << 2;
  const outer = inner ? elements / inner : 0;
  for (let r: usize = 0; r < rows; ++r) {
    const row = out + ((r * outRowStride) << 2);
    for (let o: usize = 0; o < outer; ++o) {
      let to = row + (stridedOffset(o, rank ? rank - 1 : 0, meta, strides) << 2);
      for (let i: usize = 0; i < inner; ++i) {
        store<f32>(to, load<f32>(to) + load<f32>(x));
        to += step;
        x += 4;
      }
    }
  }
}
