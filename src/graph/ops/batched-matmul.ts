// Products of the matrices in the last two axes of two tensors, all other axes broadcast. Coordinator only.
import { gemmScratchBytes } from '../../kernels/gemm-scratch.ts';
import { requireFloats } from '../elementwise.ts';
import { labelShape, type Operand, tensor, words } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { GradientContext, GraphNode, Op } from '../op.ts';
import { broadcastTypes, elementCount, formatType, isSameType, type TensorType } from '../tensor-type.ts';
import { stridesOf } from '../view.ts';
import { sumTo } from './broadcast-to.ts';

/** Whether the last two axes of a factor are taken in the other order. */
export type BatchedMatmulAttrs = { readonly transposeA: boolean; readonly transposeB: boolean };

/**
 * (…, m, k) · (…, k, n) → (…, m, n), both factors of rank 2 at least (the batch axis is none of the last two), the axes before them
 * and the batch axis broadcast as in arithmetic. A transposed factor is (…, k, m) or (…, n, k). For one matrix without batch axis as
 * the second factor, `matmul` is one large product and faster.
 */
export const batchedMatmul: Op<BatchedMatmulAttrs> = {
  name: 'batchedMatmul',
  accumulates: true,
  infer([a, b], attrs, where) {
    requireFloats(a, where);
    requireFloats(b, where);
    const { m, n, k, depthOfB } = sizesOf(a, b, attrs);
    if (a.shape.length < 2 || b.shape.length < 2 || k !== depthOfB) {
      const [left, right] = [attrs.transposeA ? '(…,k,m)' : '(…,m,k)', attrs.transposeB ? '(…,n,k)' : '(…,k,n)'];
      throw new ModelError(
        `${where}: expected factors of shapes ${left} and ${right}, got ${formatType(a)} and ${formatType(b)}; reshape one of them`,
      );
    }
    const { shape, isBatched } = broadcastTypes(leadOf(a), leadOf(b), where);
    return { shape: [...shape, m, n], isBatched, element: 'f32' };
  },
  gradient(context, input) {
    const product = input === 0 ? gradientOfFirst(context) : gradientOfSecond(context);
    const { shape, isBatched } = context.inputs[input];
    return isSameType(product, context.inputs[input]) ? product : context.apply(sumTo, [product], { shape, isBatched });
  },
  lower({ node, inputs: [a, b], out, accumulate }) {
    const { transposeA, transposeB } = node.attrs;
    const { m, n, k } = sizesOf(a, b, node.attrs);
    const lead = leadOf(node);
    const rows: Operand = node.isBatched ? { of: 'rows', multiplier: 1 } : 1;
    const factors = [a, b].flatMap((factor) => [tensor(factor), factor.isBatched ? elementCount(factor.shape) : 0]);
    const geometry = words([...lead.shape, ...matrixStrides(a, lead), ...matrixStrides(b, lead)]);
    const scratch = { of: 'scratch', bytes: () => gemmScratchBytes(m, n, k) } as const;
    const sizes = [transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k];
    const args = [...sizes, ...factors, out, rows, lead.shape.length, geometry, accumulate, scratch];
    const [left, right] = [transposeA ? 'ᵀ' : '', transposeB ? 'ᵀ' : ''];
    return [{ kernel: 'batchedGemm', args, detail: `${labelShape(a)}${left}·${labelShape(b)}${right}` }];
  },
};

type Context = GradientContext<BatchedMatmulAttrs>;

/** dA = dC op(B)ᵀ, or its transpose where A is taken transposed. */
function gradientOfFirst({ node, inputs: [, b], dOut, apply }: Context): GraphNode {
  const { transposeA, transposeB } = node.attrs;
  if (transposeA) return apply(batchedMatmul, [b, dOut], { transposeA: transposeB, transposeB: true });
  return apply(batchedMatmul, [dOut, b], { transposeA: false, transposeB: !transposeB });
}

/** dB = op(A)ᵀ dC, or its transpose where B is taken transposed. */
function gradientOfSecond({ node, inputs: [a], dOut, apply }: Context): GraphNode {
  const { transposeA, transposeB } = node.attrs;
  if (transposeB) return apply(batchedMatmul, [dOut, a], { transposeA: true, transposeB: transposeA });
  return apply(batchedMatmul, [a, dOut], { transposeA: !transposeA, transposeB: false });
}

function sizesOf(a: TensorType, b: TensorType, { transposeA, transposeB }: BatchedMatmulAttrs) {
  const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [depthOfB, n] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  return { m, n, k, depthOfB };
}

/** The axes before the matrix. */
function leadOf({ shape, isBatched, element }: TensorType): TensorType {
  return { shape: shape.slice(0, -2), isBatched, element };
}

/** Elements from one matrix of a factor to the next, for each of the product's axes before the matrix; 0 where one is shared. */
function matrixStrides(factor: TensorType, lead: TensorType): number[] {
  const own = leadOf(factor).shape;
  const strides = stridesOf(factor.shape);
  return lead.shape.map((_, axis) => {
    const at = axis - lead.shape.length + own.length;
    return at < 0 || own[at] === 1 ? 0 : strides[at];
  });
}
