// C = act([C +] op(A) op(B) [+ bias]) as three loops; any thread. The order of the sums is that of assembly/gemm.ts.
import { gemmBlockDepth } from '../gemm-scratch.ts';
import { relu, sigmoidOf, tanhOf } from './scalar-functions.ts';
import { type Kernels, type Views, withoutResult } from './views.ts';

const fround = Math.fround;

/** What `activation` counts: none, ReLU, tanh, logistic. */
const ACTIVATIONS = [(x: number): number => x, relu, tanhOf, sigmoidOf];

/** The matrix product over `views`. */
export function gemmKernels({ f32 }: Views): Kernels<'gemm'> {
  function gemm(...args: number[]): void {
    const [transA, transB, m, n, k, aAddress, lda, bAddress, ldb, cAddress, ldc, accumulate, biasAddress] = args;
    const activate = ACTIVATIONS[args[13]];
    const [a, b, c, bias] = [aAddress / 4, bAddress / 4, cAddress / 4, biasAddress / 4];
    const atA = (i: number, p: number): number => f32[a + (transA ? p * lda + i : i * lda + p)];
    const atB = (p: number, j: number): number => f32[b + (transB ? j * ldb + p : p * ldb + j)];
    const depth = gemmBlockDepth(k);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = accumulate ? f32[c + i * ldc + j] : 0;
        for (let block = 0; block < k; block += depth) {
          let sum = 0;
          for (let p = block; p < Math.min(k, block + depth); p++) sum = fround(sum + fround(atA(i, p) * atB(p, j)));
          total = block === 0 && !accumulate ? sum : fround(total + sum);
        }
        if (biasAddress !== 0) total = fround(total + f32[bias + j]);
        f32[c + i * ldc + j] = activate(total);
      }
    }
  }
  return { gemm: withoutResult(gemm) };
}
