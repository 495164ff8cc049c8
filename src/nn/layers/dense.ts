// Layers that multiply by a matrix of weights: `dense` of whole samples, `linear` of the last axis. Coordinator only.
import type { GraphNode } from '../../graph/op.ts';
import { dense as denseOp } from '../../graph/ops/dense.ts';
import { reshape } from '../../graph/ops/reshape.ts';
import { elementCount } from '../../graph/tensor-type.ts';
import { addActivation, withActivation } from '../activations.ts';
import { addWeights } from '../add-weights.ts';
import type { LayerOf } from '../layers.schema.ts';
import type { LayerKind, Trace } from '../trace.ts';

type DenseConfig = LayerOf<'dense'>;
type LinearConfig = LayerOf<'linear'>;

/** What gemm applies itself: no node of its own. */
const FUSED = ['relu', 'tanh', 'sigmoid', 'none'] as const;

/** x (B, …) taken as (B, I), weight (O, I), bias (O) → (B, O); initialised as PyTorch's `nn.Linear`. */
export const dense: LayerKind<DenseConfig> = {
  add(trace, layer, x, path) {
    const features = elementCount(x.shape);
    const flat = x.shape.length === 1 ? x : trace.graph.apply(reshape, [x], { shape: [features] }, path);
    return addProduct(trace, layer, layer.dense, flat as unknown as GraphNode, path);
  },
  describe: (layer) => withActivation('dense', layer),
};

/** x (…, I), weight (O, I), bias (O) → (…, O): `nn.Linear`, which leaves all axes but the last as they are. */
export const linear: LayerKind<LinearConfig> = {
  add: (trace, layer, x, path) => addProduct(trace, layer, layer.linear, x, path),
  describe: (layer) => withActivation('linear', layer),
};

function addProduct(
  trace: Trace,
  layer: DenseConfig | LinearConfig,
  units: number,
  x: GraphNode,
  path: string,
): GraphNode {
  const { graph } = trace;
  const weights = addWeights(graph, [units, x.shape.at(-1) ?? 1], layer, path);
  const fused = FUSED.find((name) => name === layer.activation);
  const sum = graph.apply(denseOp, [x, ...weights], { activation: fused ?? 'none' }, path) as unknown as GraphNode;
  return fused === undefined ? addActivation(graph, layer.activation, sum, path) : sum;
}
