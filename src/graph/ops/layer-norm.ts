// Layer norm: each row to mean 0 and variance 1, then times weight plus bias; and its gradients. Coordinator only.
import { sameAsFirst } from '../elementwise.ts';
import { type KernelCall, labelShape, type Operand, tensor } from '../kernel-call.ts';
import { ModelError } from '../model-error.ts';
import { requireAffine } from '../normalization.ts';
import type { GradientContext, GraphNode, LoweringContext, Op } from '../op.ts';
import { elementCount, formatType, type TensorType } from '../tensor-type.ts';
import { sumTo } from './broadcast-to.ts';

/** How many of the last axes make one row, the batch axis never among them; what is added to the variance (PyTorch: 1e-5). */
export type LayerNormAttrs = { readonly axes: number; readonly eps: number };

/** With `isCentred` the mean is taken off, else the row is only divided by its root mean square. */
type RowNormAttrs = LayerNormAttrs & { readonly isCentred: boolean };

/**
 * Inputs x (…, d), weight (d) and bias (d), or without bias, or x alone → (x - mean) / sqrt(variance + eps) · weight + bias by rows.
 * @see Ba, Kiros, Hinton 2016, "Layer normalization", arXiv:1607.06450, eq. 4
 */
export const layerNorm: Op<LayerNormAttrs> = {
  name: 'layerNorm',
  overwrites: [0],
  infer: (inputs, attrs, where) => requireAffine(inputs, rowShape(inputs[0], attrs, where), where),
  gradient: (context, input) => rowNormGradient(context, input, true),
  lower: (context) => lowerRowNorm(context, true),
};

/**
 * Inputs x (…, d) and weight (d), or x alone → x / sqrt(mean of x² + eps) · weight by rows.
 * @see Zhang, Sennrich 2019, "Root mean square layer normalization", arXiv:1910.07467, eq. 4
 */
export const rmsNorm: Op<LayerNormAttrs> = {
  name: 'rmsNorm',
  overwrites: [0],
  infer: (inputs, attrs, where) => requireAffine(inputs.slice(0, 2), rowShape(inputs[0], attrs, where), where),
  gradient: (context, input) => rowNormGradient(context, input, false),
  lower: (context) => lowerRowNorm(context, false),
};

/** (dy, x) and weight, if there is one → dx. Mean and variance are computed again. */
export const layerNormBackward: Op<RowNormAttrs> = {
  name: 'layerNormBackward',
  overwrites: [0, 1],
  infer: sameAsFirst,
  lower({ node, inputs: [dy, x, weight], out }) {
    const [rows, columns] = rowsOf(x, node.attrs);
    const { eps, isCentred } = node.attrs;
    const args = [out, tensor(dy), tensor(x), weight ? tensor(weight) : 0, rows, columns, eps, isCentred ? 1 : 0];
    return [{ kernel: 'layerNormBackward', args, detail: `layerNormBackward ${labelShape(x)}` }];
  },
};

/** (dy, x) → the weight's gradient: the sum over all rows of dy x̂. */
export const layerNormWeightGradient: Op<RowNormAttrs> = {
  name: 'layerNormWeightGradient',
  accumulates: true,
  infer: ([, x], { axes }) => ({ shape: x.shape.slice(-axes), isBatched: false, element: 'f32' }),
  lower({ node, inputs: [dy, x], out, accumulate }) {
    const [rows, columns] = rowsOf(x, node.attrs);
    const { eps, isCentred } = node.attrs;
    const args = [out, tensor(dy), tensor(x), rows, columns, eps, isCentred ? 1 : 0, accumulate];
    return [{ kernel: 'layerNormWeightGradient', args, detail: `sum of dy x̂ over rows of ${labelShape(x)}` }];
  },
};

function rowNormGradient(
  { node, inputs: [x, weight, bias], dOut, apply }: GradientContext<LayerNormAttrs>,
  input: number,
  isCentred: boolean,
): GraphNode {
  const attrs = { ...node.attrs, isCentred };
  if (input === 2) return apply(sumTo, [dOut], { shape: bias.shape, isBatched: false });
  if (input === 1) return apply(layerNormWeightGradient, [dOut, x], attrs);
  return apply(layerNormBackward, weight === undefined ? [dOut, x] : [dOut, x, weight], attrs);
}

function lowerRowNorm(
  { node, inputs: [x, weight, bias], out }: LoweringContext<LayerNormAttrs>,
  isCentred: boolean,
): KernelCall[] {
  const [rows, columns] = rowsOf(x, node.attrs);
  const affine = [weight ? tensor(weight) : 0, bias ? tensor(bias) : 0];
  const args = [out, tensor(x), ...affine, rows, columns, node.attrs.eps, isCentred ? 1 : 0];
  return [{ kernel: 'layerNorm', args, detail: `${node.op.name} ${labelShape(x)}` }];
}

/** @throws ModelError where there are not as many axes as make a row. */
function rowShape(x: TensorType, { axes }: LayerNormAttrs, where: string): readonly number[] {
  if (Number.isInteger(axes) && axes >= 1 && axes <= x.shape.length) return x.shape.slice(-axes);
  throw new ModelError(
    `${where}: expected 1 to ${x.shape.length} of the axes of ${formatType(x)} to normalise over, got ${axes}; the batch axis is none of them`,
  );
}

/** How many rows there are, and of how many elements. */
function rowsOf({ shape, isBatched }: TensorType, { axes }: LayerNormAttrs): [rows: Operand, columns: number] {
  const lead = elementCount(shape.slice(0, -axes));
  return [isBatched ? { of: 'rows', multiplier: lead } : lead, elementCount(shape.slice(-axes))];
}
