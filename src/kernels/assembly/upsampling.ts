// Images (planes, H, W) enlarged by whole numbers, and the gradients; every worker thread runs them.
// meta: i32 H, W, scale down, scale across. Bilinear as PyTorch without aligned corners: output o lies at (o + 0.5) / scale - 0.5.

// @ts-ignore: decorator
@inline function heightOf(meta: usize): usize { return load<usize>(meta); }
// @ts-ignore: decorator
@inline function widthOf(meta: usize): usize { return load<usize>(meta, 4); }
// @ts-ignore: decorator
@inline function scaleDownOf(meta: usize): usize { return load<usize>(meta, 8); }
// @ts-ignore: decorator
@inline function scaleAcrossOf(meta: usize): usize { return load<usize>(meta, 12); }

/** Each element becomes scale down x scale across equal ones. */
export function upsampleNearest(out: usize, x: usize, planes: usize, meta: usize): void {
  const width = widthOf(meta), down = scaleDownOf(meta), across = scaleAcrossOf(meta);
  const rows = planes * heightOf(meta);
  for (let r: usize = 0; r < rows; ++r) {
    for (let copy: usize = 0; copy < down; ++copy) {
      for (let i: usize = 0; i < width; ++i) {
        const value = load<f32>(x + (i << 2));
        for (let j: usize = 0; j < across; ++j) {
          store<f32>(out, value);
          out += 4;
        }
      }
    }
    x += width << 2;
  }
}

/** dx = the sum of the gradients of an element's copies, row by row. */
export function upsampleNearestBackward(dx: usize, dOut: usize, planes: usize, meta: usize): void {
  const width = widthOf(meta), down = scaleDownOf(meta), across = scaleAcrossOf(meta);
  const rows = planes * heightOf(meta), outRowBytes = (width * across) << 2;
  for (let r: usize = 0; r < rows; ++r) {
    for (let i: usize = 0; i < width; ++i) {
      let sum: f32 = 0;
      let from = dOut + ((i * across) << 2);
      for (let copy: usize = 0; copy < down; ++copy) {
        for (let j: usize = 0; j < across; ++j) sum += load<f32>(from + (j << 2));
        from += outRowBytes;
      }
      store<f32>(dx, sum);
      dx += 4;
    }
    dOut += down * outRowBytes;
  }
}

/** Twice the scale times where output `o` lies along an axis, not below 0: a whole number. */
// @ts-ignore: decorator
@inline
function placeOf(o: usize, scale: usize): usize {
  const place = <isize>(2 * o + 1) - <isize>scale;
  return place > 0 ? <usize>place : 0;
}

/** out = (1 - v) ((1 - h) a + h b) + v ((1 - h) c + h d) of the four neighbours a b / c d; at the edges two are one. */
export function upsampleBilinear(out: usize, x: usize, planes: usize, meta: usize): void {
  const width = widthOf(meta), height = heightOf(meta), down = scaleDownOf(meta), across = scaleAcrossOf(meta);
  for (let p: usize = 0; p < planes; ++p) {
    for (let oy: usize = 0; oy < height * down; ++oy) {
      const y = placeOf(oy, down);
      const upper = y / (down << 1);
      const v = <f32>(y % (down << 1)) / <f32>(down << 1);
      const row = x + ((upper * width) << 2);
      const below = x + ((min(upper + 1, height - 1) * width) << 2);
      for (let ox: usize = 0; ox < width * across; ++ox) {
        const place = placeOf(ox, across);
        const left = place / (across << 1);
        const h = <f32>(place % (across << 1)) / <f32>(across << 1);
        const l = left << 2, r = min(left + 1, width - 1) << 2;
        const over: f32 = (1 - h) * load<f32>(row + l) + h * load<f32>(row + r);
        const under: f32 = (1 - h) * load<f32>(below + l) + h * load<f32>(below + r);
        store<f32>(out, (1 - v) * over + v * under);
        out += 4;
      }
    }
    x += (height * width) << 2;
  }
}

// @ts-ignore: decorator
@inline
function addTo(address: usize, value: f32): void {
  store<f32>(address, load<f32>(address) + value);
}

/** dx = each output's gradient given to its neighbours a, b, c, d by their weights; outputs in their order. */
export function upsampleBilinearBackward(dx: usize, dOut: usize, planes: usize, meta: usize): void {
  const width = widthOf(meta), height = heightOf(meta), down = scaleDownOf(meta), across = scaleAcrossOf(meta);
  memory.fill(dx, 0, (planes * height * width) << 2);
  for (let p: usize = 0; p < planes; ++p) {
    for (let oy: usize = 0; oy < height * down; ++oy) {
      const y = placeOf(oy, down);
      const upper = y / (down << 1);
      const v = <f32>(y % (down << 1)) / <f32>(down << 1);
      const row = dx + ((upper * width) << 2);
      const below = dx + ((min(upper + 1, height - 1) * width) << 2);
      for (let ox: usize = 0; ox < width * across; ++ox) {
        const place = placeOf(ox, across);
        const left = place / (across << 1);
        const h = <f32>(place % (across << 1)) / <f32>(across << 1);
        const l = left << 2, r = min(left + 1, width - 1) << 2;
        const over: f32 = (1 - v) * load<f32>(dOut), under: f32 = v * load<f32>(dOut);
        addTo(row + l, (1 - h) * over);
        addTo(row + r, h * over);
        addTo(below + l, (1 - h) * under);
        addTo(below + r, h * under);
        dOut += 4;
      }
    }
    dx += (height * width) << 2;
  }
}
