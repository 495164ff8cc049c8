// The rungs between three plain loops and src/kernels/assembly/gemm.ts: C (m, n) = A (m, k) B (k, n), row-major f32, k ≤ 512.
// Each element is one sum in the order of k on every rung, so all of them give the same bits. bench/ladder.mjs compiles and times them.

/** Rung 1: three loops, one number at a time. */
export function scalar(m: usize, n: usize, k: usize, a: usize, b: usize, c: usize): void {
  const bBytes = n << 2;
  for (let i: usize = 0; i < m; ++i) {
    const row = a + ((i * k) << 2);
    for (let j: usize = 0; j < n; ++j) {
      let sum: f32 = 0;
      let column = b + (j << 2);
      for (let p: usize = 0; p < k; ++p) {
        sum += load<f32>(row + (p << 2)) * load<f32>(column);
        column += bBytes;
      }
      store<f32>(c + ((i * n + j) << 2), sum);
    }
  }
}

/** Rung 2: four columns at a time, the row of C in memory: two loads and a store for each multiply-add. n is a multiple of 4. */
export function vectorRows(m: usize, n: usize, k: usize, a: usize, b: usize, c: usize): void {
  const rowBytes = n << 2;
  for (let i: usize = 0; i < m; ++i) {
    const to = c + i * rowBytes;
    memory.fill(to, 0, rowBytes);
    for (let p: usize = 0; p < k; ++p) {
      const factor = v128.load32_splat(a + ((i * k + p) << 2));
      const from = b + p * rowBytes;
      for (let j: usize = 0; j < rowBytes; j += 16) {
        v128.store(to + j, f32x4.add(v128.load(to + j), f32x4.mul(factor, v128.load(from + j))));
      }
    }
  }
}

/** Rung 3: 4×8 elements of C stay in registers over all of k; B is read where it lies, a page apart each turn. m of 4, n of 8. */
export function registerTile(m: usize, n: usize, k: usize, a: usize, b: usize, c: usize): void {
  const rowBytes = n << 2,
    aBytes = k << 2;
  for (let i: usize = 0; i < m; i += 4) {
    const a0 = a + i * aBytes,
      a1 = a0 + aBytes,
      a2 = a1 + aBytes,
      a3 = a2 + aBytes;
    for (let j: usize = 0; j < rowBytes; j += 32) {
      let s00 = f32x4.splat(0),
        s01 = s00,
        s10 = s00,
        s11 = s00,
        s20 = s00,
        s21 = s00,
        s30 = s00,
        s31 = s00;
      let from = b + j;
      for (let p: usize = 0; p < aBytes; p += 4) {
        const left = v128.load(from),
          right = v128.load(from, 16);
        let x = v128.load32_splat(a0 + p);
        s00 = f32x4.add(s00, f32x4.mul(x, left));
        s01 = f32x4.add(s01, f32x4.mul(x, right));
        x = v128.load32_splat(a1 + p);
        s10 = f32x4.add(s10, f32x4.mul(x, left));
        s11 = f32x4.add(s11, f32x4.mul(x, right));
        x = v128.load32_splat(a2 + p);
        s20 = f32x4.add(s20, f32x4.mul(x, left));
        s21 = f32x4.add(s21, f32x4.mul(x, right));
        x = v128.load32_splat(a3 + p);
        s30 = f32x4.add(s30, f32x4.mul(x, left));
        s31 = f32x4.add(s31, f32x4.mul(x, right));
        from += rowBytes;
      }
      let to = c + i * rowBytes + j;
      v128.store(to, s00);
      v128.store(to, s01, 16);
      to += rowBytes;
      v128.store(to, s10);
      v128.store(to, s11, 16);
      to += rowBytes;
      v128.store(to, s20);
      v128.store(to, s21, 16);
      to += rowBytes;
      v128.store(to, s30);
      v128.store(to, s31, 16);
    }
  }
}
