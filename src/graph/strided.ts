// Two types of which one broadcasts to the other → the calls that spread a tensor out or sum it back. Coordinator only.
import {
  elementsOf,
  type KernelCall,
  labelShape,
  matrixColumns,
  matrixRows,
  type Operand,
  tensor,
  words,
} from './kernel-call.ts';
import type { GraphNode, LoweringContext } from './op.ts';
import { elementCount, isSameShape, type TensorType } from './tensor-type.ts';

/** `small` seen as a tensor of type `large`: per sample the extents of `large` and the strides of `small`, 0 where it repeats. */
interface StridedView {
  rows: Operand;
  /** Elements of `small` from one sample to the next. */
  rowStride: number;
  rank: number;
  meta: Operand;
}

function viewAs(small: TensorType, large: TensorType): StridedView {
  const rank = large.shape.length;
  const strides = new Array<number>(rank).fill(0);
  let stride = 1;
  // Aligned at the right; an unbatched tensor may have one more axis, of length 1, over the batch axis.
  for (let axis = small.shape.length - 1, to = rank - 1; axis >= 0 && to >= 0; axis--, to--) {
    if (small.shape[axis] !== 1) strides[to] = stride;
    stride *= small.shape[axis];
  }
  return {
    rows: large.isBatched ? { of: 'rows', multiplier: 1 } : 1,
    rowStride: small.isBatched ? elementCount(small.shape) : 0,
    rank,
    meta: words([...large.shape, ...strides]),
  };
}

/** Writes `x` into the result's larger type, repeating it. */
export function spreadCall(node: TensorType, x: GraphNode, out: Operand): KernelCall {
  const { rows, rowStride, rank, meta } = viewAs(x, node);
  return {
    kernel: 'copyStrided',
    args: [out, tensor(x), rows, rowStride, rank, meta],
    detail: `spread ${labelShape(x)} to ${labelShape(node)}`,
  };
}

/** Sums `x` down to `kept`, a type that broadcasts to that of `x`; the result lies at the context's `out`. */
export function sumCall(kept: TensorType, { inputs, out, accumulate }: LoweringContext, detail: string): KernelCall {
  const [x] = inputs;
  if (!kept.isBatched && isSumOverRows(kept, x)) {
    const args = [out, tensor(x), matrixRows(x), matrixColumns(x), accumulate];
    return { kernel: 'sumRows', args, detail };
  }
  const { rows, rowStride, rank, meta } = viewAs(kept, x);
  const args = [out, tensor(x), rows, rowStride, rank, meta, accumulate, elementsOf(kept)];
  return { kernel: 'sumStrided', args, detail };
}

/** Whether only the last axis is left: the shape of a bias. */
function isSumOverRows(kept: TensorType, x: TensorType): boolean {
  return isSameShape(kept.shape, x.shape.slice(-1));
}
