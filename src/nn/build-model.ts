// Layers and a loss, as a config lists them, and the dataset's shapes → a model as a graph of ops. Coordinator only.
import { createGraph, type Graph } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { input } from '../graph/ops/input.ts';
import { addLayers } from './add-layers.ts';
import { familyLayers } from './families.ts';
import { addLoss } from './losses.ts';
import type { FamilyConfig, LayerConfig, LossName } from './nn.schema.ts';
import type { ModelLayer, SampleSpec, Trace } from './trace.ts';

export type { ModelLayer, SampleSpec } from './trace.ts';

/** A model that can be compiled: the graph from input to loss. */
export interface Model {
  readonly graph: Graph;
  /** The loss's node: its inputs are the outputs and the targets. */
  readonly loss: NodeId;
  readonly metric: 'accuracy' | 'mse';
  readonly layers: readonly ModelLayer[];
}

/** Adds a model's nodes and rows behind its input and gives its output. */
export type ModelFunction = (trace: Trace, x: GraphNode) => GraphNode;

/**
 * Builds the graph of a list of layers, or of a family, which is one. A layer without a name is called after its kind and its number among the layers of
 * that kind on its level: `dense1`, `relu1`, `dense2`, `residual1.dense1`.
 * @throws ModelError where layers, loss and targets do not fit each other, or nothing is there to train.
 */
export function buildModel(model: readonly LayerConfig[] | FamilyConfig, loss: LossName, samples: SampleSpec): Model {
  const layers = 'name' in model ? familyLayers(model, loss, samples) : model;
  return traceModel((trace, x) => addLayers(trace, layers, x, { path: '', where: 'model' }), loss, samples);
}

/**
 * Builds the graph of whatever adds a model's nodes.
 * @throws ModelError where outputs, loss and targets do not fit each other, or nothing is there to train.
 */
export function traceModel(addModel: ModelFunction, loss: LossName, samples: SampleSpec): Model {
  const graph = createGraph();
  const rows: ModelLayer[] = [];
  const element = samples.input.storage === 'i32' ? 'i32' : 'f32';
  const x: GraphNode = graph.apply(input, [], { shape: [...samples.input.shape], element }, 'input');
  const output = addModel({ graph, samples, rows, dropouts: 0 }, x);
  if (rows.every(({ parameters }) => parameters === 0)) {
    const kinds = rows.map(({ kind }) => kind).join(', ');
    throw new ModelError(
      `model: expected at least one layer with parameters, got ${kinds || 'no layers'}; add a dense layer`,
    );
  }
  const { node, metric } = addLoss(graph, loss, output, samples.target);
  return { graph, loss: node.id, metric, layers: rows };
}
