// C = act([C +] op(A) op(B) [+ bias]) for row-major f32 matrices in shared memory; every worker thread runs it.
import { relu } from './elementwise';
import { sigmoid, tanh } from './math';

const KC: usize = 512;

// @ts-ignore: decorator
@inline
function madd(a: f32, b: f32, c: f32): f32 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.extract_lane(f32x4.relaxed_madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
  return c + a * b;
}

export function gemm(
  transA: i32, transB: i32, m: usize, n: usize, k: usize,
  a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
  accumulate: i32, bias: usize, activation: i32, scratch: usize,
): void {
  for (let i: usize = 0; i < m; ++i) {
    const row = c + ((i * ldc) << 2);
    for (let j: usize = 0; j < n; ++j) {
      let sum: f32 = accumulate ? load<f32>(row + (j << 2)) : 0;
      let isFirst = !accumulate;
      for (let k0: usize = 0; k0 < k; k0 += KC) {
        const k1 = min(k, k0 + KC);
        let acc: f32 = 0;
        for (let p = k0; p < k1; ++p) {
          const x = load<f32>(a + ((transA ? p * lda + i : i * lda + p) << 2));
          const y = load<f32>(b + ((transB ? j * ldb + p : p * ldb + j) << 2));
          acc = madd(x, y, acc);
        }
        sum = isFirst ? acc : sum + acc;
        isFirst = false;
      }
      if (bias) sum = sum + load<f32>(bias + (j << 2));
      store<f32>(row + (j << 2), sum);
    }
    if (activation == 1) relu(row, row, n);
    else if (activation == 2) tanh(row, row, n);
    else if (activation == 3) sigmoid(row, row, n);
  }
}
