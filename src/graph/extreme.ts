// The largest or smallest of a tensor along axes, and the gradient: what `max` and `min` have in common. Coordinator only.
import { elementsOf, type KernelCall, labelShape, type Operand, tensor, words } from './kernel-call.ts';
import type { GradientContext, GraphNode, LoweringContext, Op } from './op.ts';
import { keptType, reducedType, type SumAttrs } from './ops/sum.ts';
import { elementCount, type TensorType } from './tensor-type.ts';
import { stridesOf } from './view.ts';

/** What the gradient has to know: the reduced axes. */
type Attrs = SumAttrs;

/**
 * `max` or `min`. The whole gradient goes to the first element, in the tensor's order, of those that are the result, as PyTorch's
 * `max(dim)` has it; over several axes too, where its `amax` would share it among equals.
 */
export function extremeOp(name: 'max' | 'min'): Op<Attrs> {
  return {
    name,
    infer: ([x], attrs, where) => reducedType(x, attrs, where),
    gradient: ({ node, inputs: [x], dOut, apply }: GradientContext<Attrs>) =>
      apply(extremeBackward, [dOut, node, x], node.attrs),
    lower({ node, inputs: [x], out }: LoweringContext<Attrs>): KernelCall[] {
      const { rows, rowStride, rank, meta } = reduction(x, node);
      const args = [out, tensor(x), name === 'min' ? 1 : 0, rows, rowStride, rank, meta, elementsOf(node)];
      return [{ kernel: 'extreme', args, detail: `${name} ${labelShape(x)} to ${labelShape(node)}` }];
    },
  };
}

/** (dy, y, x) → dy at the element of x that gave y, 0 elsewhere. */
export const extremeBackward: Op<Attrs> = {
  name: 'extremeBackward',
  infer: ([, , { shape, isBatched }]) => ({ shape, isBatched, element: 'f32' }),
  lower({ node, inputs: [dOut, y, x], out }) {
    const { rows, rowStride, rank, meta } = reduction(x, node);
    const count = elementCount(y.shape);
    const scratch: Operand = { of: 'scratch', bytes: () => count * 4 };
    const args = [out, tensor(dOut), tensor(y), tensor(x), rows, rowStride, rank, meta, count, scratch];
    return [{ kernel: 'extremeBackward', args, detail: `extremeBackward ${labelShape(y)} to ${labelShape(x)}` }];
  },
};

/** One sample's extents, and the result's strides along them: 0 along the reduced axes. */
function reduction(x: TensorType, { attrs, layer }: GraphNode<Attrs>) {
  const kept = keptType(x, attrs, layer).shape;
  const own = stridesOf(kept);
  const strides = kept.map((length, axis) => (length === 1 ? 0 : own[axis]));
  const rows: Operand = x.isBatched ? { of: 'rows', multiplier: 1 } : 1;
  return { rows, rowStride: elementCount(kept), rank: kept.length, meta: words([...x.shape, ...strides]) };
}
