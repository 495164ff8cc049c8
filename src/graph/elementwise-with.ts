// One call of an element-wise kernel with numbers of the op between its tensors and the count. Coordinator only.
import type { KernelName } from '../kernels/kernel-set.ts';
import { elementsOf, type KernelCall, labelShape, type Operand, tensor } from './kernel-call.ts';
import type { Attrs, LoweringContext } from './op.ts';

/** `kernel(out, ...inputs, ...settings, n)`. */
export function callWith<A extends Attrs>(
  kernel: KernelName,
  { node, inputs, out }: LoweringContext<A>,
  settings: readonly Operand[],
): KernelCall[] {
  const args = [out, ...inputs.map(tensor), ...settings, elementsOf(node)];
  return [{ kernel, args, detail: `${kernel} ${labelShape(node)}` }];
}
