// Matrix products, and the product over all rows that is a weight's gradient. Coordinator only.
import { gemmScratchBytes } from '../../kernels/gemm-scratch.ts';
import { type NoAttrs, requireFloats } from '../elementwise.ts';
import { labelMatrix, matrixColumns, matrixRows, matrixRowsAt, type Operand, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { Op } from '../op.ts';
import { formatType, type TensorType } from '../tensor-type.ts';

/** Whether the second factor is taken transposed. */
export type MatmulAttrs = { readonly transposed: boolean };

/** (…, k) · (k, n) → (…, n); with `transposed` the second factor is (n, k). The last axis of the first factor is its columns. */
export const matmul: Op<MatmulAttrs> = {
  name: 'matmul',
  accumulates: true,
  infer([a, b], { transposed }, where) {
    requireFloats(a, where);
    requireFloats(b, where);
    const [depth, columns] = transposed ? [b.shape[1], b.shape[0]] : b.shape;
    if (b.isBatched || b.shape.length !== 2 || a.shape.at(-1) !== depth) {
      const form = transposed ? '(…,k) and (n,k)' : '(…,k) and (k,n)';
      throw new ModelError(
        `${where}: expected factors of shapes ${form}, got ${formatType(a)} and ${formatType(b)}; reshape one of them`,
      );
    }
    return { shape: [...a.shape.slice(0, -1), columns], isBatched: a.isBatched, element: 'f32' };
  },
  gradient({ node, inputs: [a, b], dOut, apply }, input) {
    const { transposed } = node.attrs;
    if (input === 0) return apply(matmul, [dOut, b], { transposed: !transposed });
    return apply(rowsMatmul, transposed ? [dOut, a] : [a, dOut], {});
  },
  lower({ node, inputs: [a, b], out, accumulate }) {
    const { transposed } = node.attrs;
    const [n, k] = [matrixColumns(node), matrixColumns(a)];
    const factors = [tensor(a), k, tensor(b), matrixColumns(b)];
    const args = [0, transposed ? 1 : 0, matrixRows(a), n, k, ...factors, out, n, accumulate, 0, 0, scratch(a, n, k)];
    return [{ kernel: 'gemm', args, detail: `${labelMatrix(a)}·${labelMatrix(b, transposed)}` }];
  },
};

/** (…, m) and (…, n) → (m, n): the sum over all rows r, samples included, of a[r, i] b[r, j]. */
export const rowsMatmul: Op<NoAttrs> = {
  name: 'rowsMatmul',
  accumulates: true,
  infer: ([a, b]) => ({ shape: [matrixColumns(a), matrixColumns(b)], isBatched: false, element: 'f32' }),
  gradient({ inputs: [a, b], dOut, apply }, input) {
    if (input === 0) return apply(matmul, [b, dOut], { transposed: true });
    return apply(matmul, [a, dOut], { transposed: false });
  },
  lower({ inputs: [a, b], out, accumulate }) {
    const [m, n] = [matrixColumns(a), matrixColumns(b)];
    const bytes = (rows: number): number => gemmScratchBytes(m, n, matrixRowsAt(a, rows));
    const factors = [tensor(a), m, tensor(b), n];
    const args = [1, 0, m, n, matrixRows(a), ...factors, out, n, accumulate, 0, 0, { of: 'scratch', bytes } as const];
    return [{ kernel: 'gemm', args, detail: `${labelMatrix(a, true)}·${labelMatrix(b)}` }];
  },
};

/** Scratch for a product of all rows of `a` with a matrix of `n` columns. */
function scratch(a: TensorType, n: number, k: number): Operand {
  return { of: 'scratch', bytes: (rows) => gemmScratchBytes(matrixRowsAt(a, rows), n, k) };
}
