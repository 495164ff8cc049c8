// activation(x · weightᵀ + bias) in one kernel call. Coordinator only.
import { gemmScratchBytes } from '../../kernels/gemm-scratch.ts';
import { requireFloats } from '../elementwise.ts';
import { labelMatrix, matrixColumns, matrixRows, matrixRowsAt, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import type { GradientContext, GraphNode, Op } from '../op.ts';
import { formatType } from '../tensor-type.ts';
import { sumTo } from './broadcast-to.ts';
import { matmul, rowsMatmul } from './matmul.ts';
import { reluBackward } from './relu.ts';
import { sigmoidBackward } from './sigmoid.ts';
import { tanhBackward } from './tanh.ts';

/** What may follow the product; the numbers are gemm's. */
const ACTIVATIONS = {
  none: { number: 0, backward: undefined },
  relu: { number: 1, backward: reluBackward },
  tanh: { number: 2, backward: tanhBackward },
  sigmoid: { number: 3, backward: sigmoidBackward },
} as const;

/** The activation that is applied to the sum. */
export type DenseAttrs = { readonly activation: keyof typeof ACTIVATIONS };

/** Whether an op is one of the activations that `dense` can apply itself. */
export function isDenseActivation(opName: string): opName is DenseAttrs['activation'] {
  return opName !== 'none' && Object.hasOwn(ACTIVATIONS, opName);
}

/** Inputs x (…, in), weight (out, in) and, if there is one, bias (out) → (…, out). */
export const dense: Op<DenseAttrs> = {
  name: 'dense',
  infer([x, weight, bias], _attrs, where) {
    requireFloats(x, where);
    const [outputs, features] = weight.shape;
    if (x.shape.at(-1) !== features || (bias !== undefined && bias.shape[0] !== outputs)) {
      throw new ModelError(
        `${where}: expected inputs of shape (…,${features}) for weights ${formatType(weight)}, got ${formatType(x)}; change the layer before it`,
      );
    }
    return { shape: [...x.shape.slice(0, -1), outputs], isBatched: x.isBatched, element: 'f32' };
  },
  gradient(context, input) {
    const { inputs, apply } = context;
    const [x, weight, bias] = inputs;
    const dSum = gradientOfSum(context);
    if (input === 0) return apply(matmul, [dSum, weight], { transposed: false });
    if (input === 1) return apply(rowsMatmul, [dSum, x], {});
    return apply(sumTo, [dSum], { shape: bias.shape, isBatched: false });
  },
  lower({ node, inputs: [x, weight, bias], out }) {
    const { activation } = node.attrs;
    const [n, k] = [matrixColumns(node), matrixColumns(x)];
    const scratch = { of: 'scratch', bytes: (rows: number) => gemmScratchBytes(matrixRowsAt(x, rows), n, k) } as const;
    const factors = [tensor(x), k, tensor(weight), k];
    const rest = [0, bias === undefined ? 0 : tensor(bias), ACTIVATIONS[activation].number, scratch];
    const added = `${bias === undefined ? '' : ' +bias'}${activation === 'none' ? '' : ` ${activation}`}`;
    const detail = `${labelMatrix(x)}·${labelMatrix(weight, true)}${added}`;
    return [{ kernel: 'gemm', args: [0, 1, matrixRows(x), n, k, ...factors, out, n, ...rest], detail }];
  },
};

/** The gradient in front of the activation; the activations' gradients are known from their results. */
function gradientOfSum({ node, dOut, apply }: GradientContext<DenseAttrs>): GraphNode {
  const { backward } = ACTIVATIONS[node.attrs.activation];
  return backward === undefined ? dOut : apply(backward, [dOut, node], {});
}
