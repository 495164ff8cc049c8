// The shape of a layer's weight → its parameters in the graph, with PyTorch's first values unless the layer says others. Coordinator only.
import type { GraphBuilder } from '../graph/graph.ts';
import type { GraphNode } from '../graph/op.ts';
import { type Initializer, parameter } from '../graph/ops/parameter.ts';
import type { InitializerConfig } from './initializers.schema.ts';
import { fanInUniform, fansOf, resolveInitializer } from './initializers.ts';

/** What a layer says of its parameters. */
export interface WeightOptions {
  readonly bias?: boolean;
  readonly init?: { readonly weight?: InitializerConfig; readonly bias?: InitializerConfig };
}

/**
 * Adds `weight` and, unless `bias` is false, `bias` of as many elements as the weight has outputs. Both are drawn from
 * U(-1/√fanIn, 1/√fanIn) where the layer says nothing, as in `nn.Linear` and `nn.Conv2d`.
 */
export function addWeights(
  graph: GraphBuilder,
  shape: readonly number[],
  { bias = true, init = {} }: WeightOptions,
  name: string,
  outputs = shape[0],
): GraphNode[] {
  const initializer = fanInUniform(fansOf(shape).in);
  const weight = addParameter(graph, 'weight', shape, init.weight, initializer, name);
  return bias ? [weight, addParameter(graph, 'bias', [outputs], init.bias, initializer, name)] : [weight];
}

/** Adds one parameter: drawn as `config` says, or by default. */
export function addParameter(
  graph: GraphBuilder,
  parameterName: string,
  shape: readonly number[],
  config: InitializerConfig | undefined,
  standard: Initializer,
  layer: string,
): GraphNode {
  const initializer = config === undefined ? standard : resolveInitializer(config, shape, layer);
  return graph.apply(parameter, [], { name: parameterName, shape: [...shape], initializer }, layer);
}
