// One layer of a config and the tensor before it → the layer's nodes, the last of them its output. Coordinator only.
import type { GraphNode } from '../graph/op.ts';
import { conv, convTranspose } from './layers/convolution.ts';
import { dense, linear } from './layers/dense.ts';
import { batchNorm, dropout, groupNorm, layerNorm, rmsNorm } from './layers/normalization.ts';
import { avgPool, globalAvgPool, globalMaxPool, maxPool, upsample } from './layers/pooling.ts';
import { activation, flatten, logSoftmax, reshape, softmax, transpose } from './layers/shape.ts';
import { attention, embedding, positionEmbedding } from './layers/tokens.ts';
import { LAYER_KINDS, type LeafConfig } from './layers.schema.ts';
import type { LayerKind, Trace } from './trace.ts';

/** Every kind of layer that holds no others, by the key that names it. */
const KINDS: Readonly<Record<string, LayerKind<never>>> = {
  dense,
  linear,
  conv,
  convTranspose,
  maxPool,
  avgPool,
  globalAvgPool,
  globalMaxPool,
  upsample,
  batchNorm,
  layerNorm,
  rmsNorm,
  groupNorm,
  dropout,
  embedding,
  positionEmbedding,
  attention,
  flatten,
  reshape,
  transpose,
  softmax,
  logSoftmax,
  activation,
};

/**
 * Adds a layer behind `x`.
 * @throws ModelError, with the layer's path in front, where the shapes do not fit.
 */
export function addLayer(trace: Trace, layer: LeafConfig, x: GraphNode, path: string): GraphNode {
  return kindOf(layer).add(trace, layer as never, x, path);
}

/** What a layer is, for people; the first word is what an unnamed layer is called after. */
export function layerKind(layer: LeafConfig): string {
  return kindOf(layer).describe(layer as never);
}

function kindOf(layer: LeafConfig): LayerKind<never> {
  return KINDS[LAYER_KINDS.find((kind) => kind in layer)!];
}
