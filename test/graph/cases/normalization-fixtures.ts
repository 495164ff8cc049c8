// Which ops PyTorch's cases of normalisation are.
import type { GraphNode, Op } from '#src/graph/op.js';
import { layerNorm } from '#src/graph/ops/layer-norm.js';

type Apply = (op: Op, inputs: GraphNode[], attrs: object) => GraphNode;

/** Case → its inputs, and the tensor whose value and gradients are PyTorch's. */
export const NORMALIZATION_FIXTURES: Record<
  string,
  { inputs: string[]; build: (inputs: GraphNode[], apply: Apply) => GraphNode }
> = {
  layer_norm: {
    inputs: ['x', 'w', 'b'],
    build: (nodes, apply) => apply(layerNorm as never, nodes, { axes: 1, eps: 1e-5 }),
  },
};
