// Layers of transformers: embeddings of tokens and positions, attention. Coordinator only.
import { ModelError } from '../../graph/model-error.ts';
import type { GraphNode } from '../../graph/op.ts';
import { add } from '../../graph/ops/add.ts';
import { dense } from '../../graph/ops/dense.ts';
import { embedding as embeddingOp } from '../../graph/ops/embedding.ts';
import { selfAttention } from '../../graph/ops/self-attention.ts';
import { formatType } from '../../graph/tensor-type.ts';
import { addParameter, addWeights, type WeightOptions } from '../add-weights.ts';
import type { LayerOf } from '../layers.schema.ts';
import type { LayerKind, Trace } from '../trace.ts';
import { addDropout } from './normalization.ts';

const STANDARD_NORMAL = { kind: 'normal', mean: 0, std: 1 } as const;

/** Ids (B, T), weight (V, D) → (B, T, D): `nn.Embedding`. */
export const embedding: LayerKind<LayerOf<'embedding'>> = {
  add(trace, layer, x, path) {
    const rows = layer.vocabulary ?? trace.samples.input.classes;
    if (rows === undefined) {
      throw new ModelError(
        `${path}: expected data of tokens, or a vocabulary, got inputs ${formatType(x)} without one; use data of tokens or set vocabulary`,
      );
    }
    requireWholeVocabulary(trace, x, rows, path);
    const shape = [rows, layer.embedding];
    const weight = addParameter(trace.graph, 'weight', shape, layer.init?.weight, STANDARD_NORMAL, path);
    return trace.graph.apply(embeddingOp, [x, weight], {}, path) as never;
  },
  describe: () => 'embedding',
};

/** An id that is no row would give NaN. */
function requireWholeVocabulary({ samples }: Trace, x: GraphNode, rows: number, path: string): void {
  const { classes = 0 } = samples.input;
  if (x.op.source !== 'input' || rows >= classes) return;
  throw new ModelError(
    `${path}: expected a vocabulary of at least the data's ${classes} tokens, got ${rows}; raise it or leave it out`,
  );
}

/** (B, T, D) → (B, T, D): weight (T, D) is added. */
export const positionEmbedding: LayerKind<LayerOf<'positionEmbedding'>> = {
  add({ graph }, layer, x, path) {
    requireSequence(x, path);
    const weight = addParameter(graph, 'weight', x.shape, layer.init?.weight, STANDARD_NORMAL, path);
    return graph.apply(add, [x, weight], {}, path) as never;
  },
  describe: () => 'positionEmbedding',
};

/** (B, T, D) → (B, T, D): queries, keys and values by one linear layer, attention, another linear layer. */
export const attention: LayerKind<LayerOf<'attention'>> = {
  add(trace, layer, x, path) {
    requireSequence(x, path);
    const width = x.shape[1];
    const heads = layer.attention;
    if (width % heads !== 0) {
      throw new ModelError(
        `${path}: expected a width that divides into ${heads} heads, got ${width} of ${formatType(x)}; change one of the two`,
      );
    }
    const queries = addLinear(trace, layer, 3 * width, x, `${path}.qkv`);
    const seen = trace.graph.apply(selfAttention, [queries], { heads, causal: layer.causal }, path);
    const { init } = layer;
    const projection = { ...layer, init: { ...init, weight: init?.projection ?? init?.weight } };
    const output = addLinear(trace, projection, width, seen as unknown as GraphNode, `${path}.projection`);
    return layer.dropout === 0 ? output : addDropout(trace, layer.dropout, output, path);
  },
  describe: ({ attention: heads, causal }) => `attention of ${heads}${causal ? ' causal' : ''}`,
};

function addLinear({ graph }: Trace, layer: WeightOptions, units: number, x: GraphNode, path: string): GraphNode {
  const weights = addWeights(graph, [units, x.shape[1]], layer, path);
  return graph.apply(dense, [x, ...weights], { activation: 'none' }, path) as unknown as GraphNode;
}

function requireSequence(x: GraphNode, path: string): void {
  if (x.element === 'f32' && x.shape.length === 2) return;
  const got = `${x.element === 'i32' ? 'tokens ' : ''}${formatType(x)}`;
  throw new ModelError(
    `${path}: expected a sequence of vectors (-1,tokens,width), got ${got}; put an embedding before it, or reshape it`,
  );
}
