// Layers and a loss, as a config lists them, and the dataset's shapes → a model as a graph of ops. Coordinator only.
import { createGraph, type Graph, type GraphBuilder } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import type { MetricSums } from '../graph/ops/evaluation-sums.ts';
import { input } from '../graph/ops/input.ts';
import { addLayers } from './add-layers.ts';
import { familyLayers } from './families.ts';
import { addLoss, type LossMetric } from './losses.ts';
import { planMetrics } from './metrics.ts';
import type { FamilyConfig, LayerConfig, LossConfig } from './nn.schema.ts';
import type { ModelLayer, SampleSpec, Trace } from './trace.ts';

export type { ModelLayer, SampleSpec } from './trace.ts';

/** A model that can be compiled: the graph from input to loss. */
export interface Model {
  readonly graph: Graph;
  /** The loss's node: its inputs are the outputs and the targets. */
  readonly loss: NodeId;
  readonly metric: LossMetric;
  /** The loss's kernel writes a fourth sum: how many labels count. */
  readonly hasCount?: boolean;
  /** What an evaluation sums beside the loss. */
  readonly metrics?: readonly MetricSums[];
  readonly layers: readonly ModelLayer[];
}

/** Adds a model's nodes and rows behind its input and gives its output. */
export type ModelFunction = (trace: Trace, x: GraphNode) => GraphNode;

/**
 * Builds the graph of a list of layers, or of a family, which is one. A layer without a name is called after its kind and its number among the layers of
 * that kind on its level: `dense1`, `relu1`, `dense2`, `residual1.dense1`.
 * @param metrics names of metrics that an evaluation has to tell; they fit the loss.
 * @throws ModelError where layers, loss and targets do not fit each other, or nothing is there to train.
 */
export function buildModel(
  model: readonly LayerConfig[] | FamilyConfig,
  loss: LossConfig,
  samples: SampleSpec,
  metrics: readonly string[] = [],
): Model {
  const layers = 'name' in model ? familyLayers(model, loss, samples) : model;
  return traceModel(addList(layers), loss, samples, metrics);
}

const addList =
  (layers: readonly LayerConfig[]): ModelFunction =>
  (trace, x) =>
    addLayers(trace, layers, x, { path: '', where: 'model' });

/**
 * Builds the graph of whatever adds a model's nodes.
 * @throws ModelError where outputs, loss and targets do not fit each other, or nothing is there to train.
 */
export function traceModel(
  addModel: ModelFunction,
  loss: LossConfig,
  samples: SampleSpec,
  metrics: readonly string[] = [],
): Model {
  const { graph, rows, output } = traceLayers(addModel, samples);
  if (rows.every(({ parameters }) => parameters === 0)) {
    const kinds = rows.map(({ kind }) => kind).join(', ');
    throw new ModelError(
      `model: expected at least one layer with parameters, got ${kinds || 'no layers'}; add a dense layer`,
    );
  }
  const { node, metric, hasCount } = addLoss(graph, loss, output, samples.target, isMixed(samples));
  const sums = planMetrics(metrics, loss, output, samples.target);
  return { graph, loss: node.id, metric, hasCount, metrics: sums, layers: rows };
}

/** Whether training mixes samples, and so their targets. */
function isMixed({ augment = [] }: SampleSpec): boolean {
  return augment.some((one) => 'mixup' in one || 'cutMix' in one);
}

/** The rows of layers behind an input, for a sample with targets that play no part. */
export function describeLayers(
  model: readonly LayerConfig[] | FamilyConfig,
  loss: LossConfig,
  samples: SampleSpec,
): readonly ModelLayer[] {
  const layers = 'name' in model ? familyLayers(model, loss, samples) : model;
  return traceLayers(addList(layers), samples).rows;
}

function traceLayers(
  addModel: ModelFunction,
  samples: SampleSpec,
): { graph: GraphBuilder; rows: ModelLayer[]; output: GraphNode } {
  const graph = createGraph();
  const rows: ModelLayer[] = [];
  const element = samples.input.storage === 'i32' ? 'i32' : 'f32';
  const x: GraphNode = graph.apply(input, [], { shape: [...samples.input.shape], element }, 'input');
  const output = addModel({ graph, samples, rows, dropouts: 0 }, x);
  return { graph, rows, output };
}
