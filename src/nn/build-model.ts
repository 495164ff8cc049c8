// Layers and a loss, as a config lists them, and the dataset's shapes → a model as a graph of ops. Coordinator only.
import { createGraph, type Graph, type GraphBuilder } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import type { MetricSums } from '../graph/ops/evaluation-sums.ts';
import { input } from '../graph/ops/input.ts';
import { elementCount } from '../graph/tensor-type.ts';
import { addLayer, layerKind } from './layers.ts';
import { addLoss, type LossMetric, type TargetSpec } from './losses.ts';
import { planMetrics } from './metrics.ts';
import type { LayerConfig, LossConfig } from './nn.schema.ts';

/** What a model has to know of a dataset; a `DatasetSpec` is one. */
export interface SampleSpec {
  readonly input: {
    readonly shape: readonly number[];
    readonly storage?: 'u8' | 'f32' | 'i32';
    readonly classes?: number;
  };
  readonly target: TargetSpec;
}

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

/** A row of the model table. */
export interface ModelLayer {
  readonly name: string;
  /** What it is, for people: `dense + relu`. */
  readonly kind: string;
  /** One sample's. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
}

/**
 * Builds the graph of a list of layers. A layer without a name is called after its kind and its number among the layers of
 * that kind: `dense1`, `relu1`, `dense2`.
 * @param metrics names of metrics that an evaluation has to tell; they fit the loss.
 * @throws ModelError where layers, loss and targets do not fit each other, or nothing is there to train.
 */
export function buildModel(
  layers: readonly LayerConfig[],
  loss: LossConfig,
  samples: SampleSpec,
  metrics: readonly string[] = [],
): Model {
  const { graph, output, rows } = buildLayers(layers, samples.input);
  if (rows.every(({ parameters }) => parameters === 0)) {
    const kinds = layers.map(layerKind).join(', ');
    throw new ModelError(
      `model: expected at least one layer with parameters, got ${kinds || 'no layers'}; add a dense layer`,
    );
  }
  const { node, metric, hasCount } = addLoss(graph, loss, output, samples.target);
  const sums = planMetrics(metrics, loss, output, samples.target);
  return { graph, loss: node.id, metric, hasCount, metrics: sums, layers: rows };
}

/** Layers behind an input of a sample's shape, without a loss. */
export function buildLayers(
  layers: readonly LayerConfig[],
  { shape, storage }: SampleSpec['input'],
): { graph: GraphBuilder; output: GraphNode; rows: ModelLayer[] } {
  const graph = createGraph();
  const rows: ModelLayer[] = [];
  const element = storage === 'i32' ? 'i32' : 'f32';
  let output: GraphNode = graph.apply(input, [], { shape: [...shape], element }, 'input');
  nameLayers(layers).forEach((name, i) => {
    const firstNode = graph.nodes.length;
    output = addLayer(graph, layers[i], output, name);
    rows.push(describeLayer(graph, firstNode, output, layers[i], name));
  });
  return { graph, output, rows };
}

function nameLayers(layers: readonly LayerConfig[]): string[] {
  const counts = new Map<string, number>();
  const names = layers.map((layer) => {
    const [kind] = layerKind(layer).split(' ');
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return layer.name ?? `${kind}${count}`;
  });
  names.forEach((name, i) => {
    refuseTakenName(name, i, names);
  });
  return names;
}

// The input, the targets and the loss are named in errors and in the plan as layers are.
const RESERVED_NAMES = ['input', 'target', 'loss', 'model'];

function refuseTakenName(name: string, index: number, names: readonly string[]): void {
  const first = names.indexOf(name);
  if (first === index && !RESERVED_NAMES.includes(name)) return;
  const other = first === index ? 'a reserved name' : `the name of model[${first}] too`;
  throw new ModelError(`model[${index}]: expected a layer name of its own, got ${name}, ${other}; set another name`);
}

function describeLayer(
  graph: GraphBuilder,
  firstNode: number,
  output: GraphNode,
  layer: LayerConfig,
  name: string,
): ModelLayer {
  const parameters = graph.nodes.slice(firstNode).filter(({ op }) => op.source === 'parameter');
  return {
    name,
    kind: layerKind(layer),
    outputShape: output.shape,
    parameters: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  };
}
