// One layer of a config and the tensor before it → the layer's nodes, the last of them its output. Coordinator only.
import type { GraphNode } from '../graph/op.ts';
import { dense } from '../graph/ops/dense.ts';
import { relu } from '../graph/ops/relu.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { sigmoid } from '../graph/ops/sigmoid.ts';
import { tanh } from '../graph/ops/tanh.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { addWeights } from './add-weights.ts';
import type { LeafConfig } from './layers.schema.ts';
import type { Trace } from './trace.ts';

type DenseConfig = Extract<LeafConfig, { dense: number }>;

const ACTIVATIONS = { relu, tanh, sigmoid } as const;

/**
 * Adds a layer behind `x`.
 * @throws ModelError, with the layer's name in front, where the shapes do not fit.
 */
export function addLayer(trace: Trace, layer: LeafConfig, x: GraphNode, name: string): GraphNode {
  if ('dense' in layer) return addDense(trace, layer, x, name);
  if ('flatten' in layer) return addReshape(trace, [elementCount(x.shape)], x, name);
  if ('reshape' in layer) return addReshape(trace, layer.reshape, x, name);
  return trace.graph.apply(ACTIVATIONS[layer.activation], [x], {}, name);
}

/** What a layer is, for people; the first word is what an unnamed layer is called after. */
export function layerKind(layer: LeafConfig): string {
  if ('dense' in layer) return layer.activation === 'none' ? 'dense' : `dense + ${layer.activation}`;
  if ('flatten' in layer) return 'flatten';
  return 'reshape' in layer ? 'reshape' : layer.activation;
}

/** x (B, …) taken as (B, I), weight (O, I), bias (O) → (B, O); initialised as PyTorch's `nn.Linear`. */
function addDense(trace: Trace, layer: DenseConfig, x: GraphNode, name: string): GraphNode {
  const features = elementCount(x.shape);
  const flat = x.shape.length === 1 ? x : addReshape(trace, [features], x, name);
  const weights = addWeights(trace.graph, [layer.dense, features], layer, name);
  return trace.graph.apply(dense, [flat, ...weights], { activation: layer.activation }, name);
}

function addReshape(trace: Trace, shape: readonly number[], x: GraphNode, name: string): GraphNode {
  return trace.graph.apply(reshape, [x], { shape: [...shape] }, name);
}
