// Which ops PyTorch's cases of normalisation are.
import type { GraphNode, Op } from '#src/graph/op.js';
import { batchMoments } from '#src/graph/ops/batch-moments.js';
import { batchNorm } from '#src/graph/ops/batch-norm.js';
import { batchNormInference } from '#src/graph/ops/batch-norm-inference.js';
import { constant } from '#src/graph/ops/constant.js';
import { groupNorm } from '#src/graph/ops/group-norm.js';
import { layerNorm } from '#src/graph/ops/layer-norm.js';
import { openFixture } from '../fixtures.ts';

type Apply = (op: Op, inputs: GraphNode[], attrs: object) => GraphNode;

const EPS = 1e-5;
const inputs = ['x', 'w', 'b'];
const running = (name: string, apply: Apply): GraphNode => {
  const { shape, values } = openFixture('ops')(`batch_norm_eval/running_${name}`);
  return apply(constant as never, [], { shape, values: [...values] });
};

/** Case → its inputs, and the tensor whose value and gradients are PyTorch's. */
export const NORMALIZATION_FIXTURES: Record<
  string,
  { inputs: string[]; build: (inputs: GraphNode[], apply: Apply) => GraphNode }
> = {
  layer_norm: { inputs, build: (nodes, apply) => apply(layerNorm as never, nodes, { axes: 1, eps: EPS }) },
  group_norm: { inputs, build: (nodes, apply) => apply(groupNorm as never, nodes, { groups: 3, eps: EPS }) },
  batch_norm_train: {
    inputs,
    build([x, ...affine], apply) {
      const moments = apply(batchMoments as never, [x], {});
      return apply(batchNorm as never, [x, moments, ...affine], { eps: EPS, affine: true });
    },
  },
  batch_norm_eval: {
    inputs,
    build: ([x, ...affine], apply) =>
      apply(batchNormInference as never, [x, running('mean', apply), running('var', apply), ...affine], { eps: EPS }),
  },
};
