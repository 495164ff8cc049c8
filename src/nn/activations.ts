// The name of an activation and a tensor → the activation's node. Coordinator only.
import type { GraphBuilder } from '../graph/graph.ts';
import type { GraphNode } from '../graph/op.ts';
import { elu } from '../graph/ops/elu.ts';
import { gelu } from '../graph/ops/gelu.ts';
import { hardsigmoid } from '../graph/ops/hardsigmoid.ts';
import { hardswish } from '../graph/ops/hardswish.ts';
import { leakyRelu } from '../graph/ops/leaky-relu.ts';
import { mish } from '../graph/ops/mish.ts';
import { relu } from '../graph/ops/relu.ts';
import { selu } from '../graph/ops/selu.ts';
import { sigmoid } from '../graph/ops/sigmoid.ts';
import { silu } from '../graph/ops/silu.ts';
import { softplus } from '../graph/ops/softplus.ts';
import { softsign } from '../graph/ops/softsign.ts';
import { tanh } from '../graph/ops/tanh.ts';
import type { ActivationName } from './activations.schema.ts';

/** Options of single activations; left out, PyTorch's defaults hold. */
export interface ActivationOptions {
  readonly negativeSlope?: number;
  readonly alpha?: number;
  readonly approximate?: 'none' | 'tanh';
}

const WITHOUT_OPTIONS = { relu, tanh, sigmoid, silu, selu, softplus, hardswish, hardsigmoid, mish, softsign } as const;

/** Adds an activation behind `x`; none gives `x` itself. */
export function addActivation(
  graph: GraphBuilder,
  name: ActivationName | 'none',
  x: GraphNode,
  layer: string,
  { negativeSlope = 0.01, alpha = 1, approximate = 'none' }: ActivationOptions = {},
): GraphNode {
  switch (name) {
    case 'none':
      return x;
    case 'leakyRelu':
      return graph.apply(leakyRelu, [x], { slope: negativeSlope }, layer) as unknown as GraphNode;
    case 'elu':
      return graph.apply(elu, [x], { alpha }, layer) as unknown as GraphNode;
    case 'gelu':
      return graph.apply(gelu, [x], { approximate }, layer) as unknown as GraphNode;
    default:
      return graph.apply(WITHOUT_OPTIONS[name], [x], {}, layer) as unknown as GraphNode;
  }
}

/** A kind with its activation: `dense + relu`. */
export function withActivation(kind: string, { activation }: { activation: ActivationName | 'none' }): string {
  return activation === 'none' ? kind : `${kind} + ${activation}`;
}
