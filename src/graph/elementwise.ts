// What elementwise ops have in common: a shape rule and a lowering, to be put together in the op's own file. Coordinator only.
import type { KernelName } from '../kernels/kernel-set.ts';
import { elementsOf, type KernelCall, labelShape, tensor } from './kernel-call.ts';
import { ModelError } from './model-error.ts';
import type { Attrs, LoweringContext } from './op.ts';
import { formatType, type TensorType } from './tensor-type.ts';

/** The settings of an op that has none. */
export type NoAttrs = Readonly<Record<string, never>>;

/**
 * The type of the first input, for ops whose inputs all have the result's type.
 * @throws ModelError where an input does not hold floats.
 */
export function sameAsFirst(inputs: readonly TensorType[], _attrs: Attrs, where: string): TensorType {
  inputs.forEach((input) => {
    requireFloats(input, where);
  });
  const { shape, isBatched, element } = inputs[0];
  return { shape, isBatched, element };
}

/** @throws ModelError where a tensor does not hold floats: class labels cannot be computed with. */
export function requireFloats(type: TensorType, where: string): void {
  if (type.element === 'f32') return;
  throw new ModelError(
    `${where}: expected a tensor of f32 numbers, got ${type.element} of shape ${formatType(type)}; tokens go into an embedding first, labels into a loss only`,
  );
}

/** One call `kernel(out, ...inputs, n)`. */
export function elementwiseCall(kernel: KernelName): (context: LoweringContext<NoAttrs>) => KernelCall[] {
  return ({ node, inputs, out }) => {
    const args = [out, ...inputs.map(tensor), elementsOf(node)];
    return [{ kernel, args, detail: `${kernel} ${labelShape(node)}` }];
  };
}

/** One call `kernel(out, x, alpha, n)`. */
export function elementwiseCallWith(kernel: KernelName): (context: LoweringContext<{ alpha: number }>) => KernelCall[] {
  return ({ node, inputs, out }) => {
    const { alpha } = node.attrs;
    const args = [out, tensor(inputs[0]), alpha, elementsOf(node)];
    return [{ kernel, args, detail: `${kernel} ${labelShape(node)} by ${alpha}` }];
  };
}
