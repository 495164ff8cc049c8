// Sample ids → the rows of a micro-batch, gathered from the dataset's arrays in shared memory; every worker thread runs it.
// ids is u32 (rows); samples is row-major (all samples, cols).

/** out (rows, cols) f32 = samples (·, cols) u8 / divisor. */
export function gatherBytes(out: usize, samples: usize, ids: usize, rows: usize, cols: usize, divisor: f32): void {
  const by = f32x4.splat(divisor);
  for (let r: usize = 0; r < rows; ++r) {
    const row = samples + <usize>load<u32>(ids + (r << 2)) * cols;
    let c: usize = 0;
    for (; c + 8 <= cols; c += 8) {
      const words = i16x8.extend_low_i8x16_u(v128.load64_zero(row + c));
      const low = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words));
      const high = f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(words));
      v128.store(out + (c << 2), f32x4.div(low, by));
      v128.store(out + (c << 2), f32x4.div(high, by), 16);
    }
    for (; c < cols; ++c) store<f32>(out + (c << 2), <f32>load<u8>(row + c) / divisor);
    out += cols << 2;
  }
}

/** out (rows, cols) f32 = samples (·, cols) f32. */
export function gatherFloats(out: usize, samples: usize, ids: usize, rows: usize, cols: usize): void {
  const rowBytes = cols << 2;
  for (let r: usize = 0; r < rows; ++r) {
    memory.copy(out + r * rowBytes, samples + <usize>load<u32>(ids + (r << 2)) * rowBytes, rowBytes);
  }
}

/** out (rows) i32 = samples (·) u8. */
export function gatherByteLabels(out: usize, samples: usize, ids: usize, rows: usize): void {
  for (let r: usize = 0; r < rows << 2; r += 4) store<i32>(out + r, load<u8>(samples + load<u32>(ids + r)));
}

/** out (rows, cols) i32 = samples (·, cols), labels of 1 byte (u8) or 4 (i32). */
export function gatherLabelRows(out: usize, samples: usize, ids: usize, rows: usize, cols: usize, labelBytes: usize): void {
  for (let r: usize = 0; r < rows; ++r) {
    const row = samples + <usize>load<u32>(ids + (r << 2)) * cols * labelBytes;
    if (labelBytes == 4) memory.copy(out, row, cols << 2);
    else for (let c: usize = 0; c < cols; ++c) store<i32>(out + (c << 2), load<u8>(row + c));
    out += cols << 2;
  }
}

/** out (rows) i32 = samples (·) i32. */
export function gatherIntLabels(out: usize, samples: usize, ids: usize, rows: usize): void {
  for (let r: usize = 0; r < rows << 2; r += 4) store<i32>(out + r, load<i32>(samples + (load<u32>(ids + r) << 2)));
}

/** x (rows, channels, area) = (x - means[c]) / deviations[c], in place; means, deviations (channels) f32. */
export function standardizeChannels(x: usize, rows: usize, channels: usize, area: usize, means: usize, deviations: usize): void {
  const bytes = area << 2;
  for (let r: usize = 0; r < rows; ++r) {
    for (let c: usize = 0; c < channels << 2; c += 4) {
      const mean = load<f32>(means + c), deviation = load<f32>(deviations + c);
      const means4 = f32x4.splat(mean), deviations4 = f32x4.splat(deviation);
      let i: usize = 0;
      for (; i + 16 <= bytes; i += 16) v128.store(x + i, f32x4.div(f32x4.sub(v128.load(x + i), means4), deviations4));
      for (; i < bytes; i += 4) store<f32>(x + i, (load<f32>(x + i) - mean) / deviation);
      x += bytes;
    }
  }
}
