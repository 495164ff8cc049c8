// One layer of a config and the tensor before it → the layer's nodes, the last of them its output. Coordinator only.
import type { GraphBuilder } from '../graph/graph.ts';
import type { GraphNode } from '../graph/op.ts';
import { dense } from '../graph/ops/dense.ts';
import { type Initializer, parameter } from '../graph/ops/parameter.ts';
import { relu } from '../graph/ops/relu.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { sigmoid } from '../graph/ops/sigmoid.ts';
import { tanh } from '../graph/ops/tanh.ts';
import { elementCount } from '../graph/tensor-type.ts';
import type { LayerConfig } from './nn.schema.ts';

type DenseConfig = Extract<LayerConfig, { dense: number }>;

const ACTIVATIONS = { relu, tanh, sigmoid } as const;

/**
 * Adds a layer behind `x`.
 * @throws ModelError, with the layer's name in front, where the shapes do not fit.
 */
export function addLayer(graph: GraphBuilder, layer: LayerConfig, x: GraphNode, name: string): GraphNode {
  if ('dense' in layer) return addDense(graph, layer, x, name);
  if ('flatten' in layer) return addReshape(graph, [elementCount(x.shape)], x, name);
  if ('reshape' in layer) return addReshape(graph, layer.reshape, x, name);
  return graph.apply(ACTIVATIONS[layer.activation], [x], {}, name);
}

/** What a layer is, for people; the first word is what an unnamed layer is called after. */
export function layerKind(layer: LayerConfig): string {
  if ('dense' in layer) return layer.activation === 'none' ? 'dense' : `dense + ${layer.activation}`;
  if ('flatten' in layer) return 'flatten';
  return 'reshape' in layer ? 'reshape' : layer.activation;
}

/** x (B, …) taken as (B, I), weight (O, I), bias (O) → (B, O); initialised as PyTorch's `nn.Linear`. */
function addDense(graph: GraphBuilder, layer: DenseConfig, x: GraphNode, name: string): GraphNode {
  const features = elementCount(x.shape);
  const flat = x.shape.length === 1 ? x : addReshape(graph, [features], x, name);
  const initializer = linearInitializer(features);
  const weight = graph.apply(parameter, [], { name: 'weight', shape: [layer.dense, features], initializer }, name);
  const inputs: GraphNode[] = [flat, weight];
  if (layer.bias) inputs.push(graph.apply(parameter, [], { name: 'bias', shape: [layer.dense], initializer }, name));
  return graph.apply(dense, inputs, { activation: layer.activation }, name);
}

/**
 * U(-1/√I, 1/√I) for weight and bias: PyTorch's kaiming_uniform with a = √5 comes to that.
 * @see He et al. 2015, "Delving Deep into Rectifiers", arXiv:1502.01852; torch.nn.Linear.reset_parameters
 */
function linearInitializer(features: number): Initializer {
  const bound = 1 / Math.sqrt(features);
  return { kind: 'uniform', low: -bound, high: bound };
}

function addReshape(graph: GraphBuilder, shape: readonly number[], x: GraphNode, name: string): GraphNode {
  return graph.apply(reshape, [x], { shape: [...shape] }, name);
}
