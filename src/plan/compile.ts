// A model and a dataset's shapes → the plan: what every worker runs, as plain data. Pure; coordinator only.
import type { DatasetSpec } from '../data/source.ts';
import { differentiate } from '../graph/autodiff.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode } from '../graph/op.ts';
import { elementCount } from '../graph/tensor-type.ts';
import type { Model, ModelLayer } from '../nn/build-model.ts';
import { createConstantPool } from './constants.ts';
import { evaluationForm } from './evaluation-form.ts';
import { addMetricSums } from './evaluation-graph.ts';
import { fuseOps } from './fuse.ts';
import { gatherCalls, trainingGatherCalls } from './gather.ts';
import { settleGradients, type TrainingGraph } from './gradients.ts';
import { chooseMicroBatch } from './micro-batch.ts';
import { placeParameters } from './parameters.ts';
import { placeBuffers } from './placement.ts';
import type { Call, Plan, PlanLayer } from './plan.ts';
import { createProgram, isGathered, type Program } from './program.ts';
import { type Recompute, recomputeActivations } from './recompute.ts';
import { resolveProgram } from './resolve.ts';
import { describeBuffers, nameNodes } from './tensor-names.ts';

/** What a plan depends on beside the model. The number of workers is none of it. */
export interface PlanOptions {
  numerics: Plan['numerics'];
  /** The config's `microBatch`. */
  microBatch: 'auto' | number;
  /** Samples of the largest shard of a global batch: ⌈batchSize / shards⌉. */
  largestShardRows: number;
  /** Samples of the smallest shard that has any, where that is another: batch norm needs more than one value a channel. */
  smallestShardRows?: number;
  dataset: DatasetSpec;
  /** Whether, or in how many segments, backward computes activations again: less memory, about a third more work, the same bits. */
  recompute?: Recompute;
  /** Names of parameters that are not trained: nothing is computed for them. */
  isFrozen?: (name: string) => boolean;
}

/** What the loss kernels write into the f64 cells, in this order. */
const SUM_NAMES = ['lossNumerator', 'denominator', 'correct'];

// Kernels count in 32 bits.
const MOST_ELEMENTS = 2 ** 31 - 1;

/**
 * Compiles a model: backward ops, order, places, and the addresses of every kernel call.
 *
 * Every parameter's gradient is assigned by a shard's first micro-batch and added to by the others, so nothing of a gradient buffer's last use remains;
 * the padding between gradients is written by nobody and stays the 0 of fresh memory.
 * @throws ModelError where a parameter does not reach the loss, or a tensor has more elements than kernels can count.
 */
export function compilePlan(model: Model, options: PlanOptions): Plan {
  const { graph, loss } = fuseOps(model.graph, model.loss, { keepsSlopes: !options.recompute });
  const { numerics, dataset, isFrozen = () => false } = options;
  const parameters = placeParameters(graph);
  const isFrozenNode = ({ layer, attrs }: GraphNode): boolean => isFrozen(`${layer}.${attrs.name}`);
  const gather = (node: GraphNode) => trainingGatherCalls(node, dataset);
  const programOf = ({ graph: whole, gradientOf }: TrainingGraph): Program =>
    createProgram(whole, { wanted: [loss, ...gradientOf.keys()], gradientOf, gather });
  const plain = differentiate(graph, loss, isFrozenNode);
  const plainTraining = settleGradients(plain, isFrozenNode);
  const plainTrain = programOf(plainTraining);
  const form = evaluationForm(graph, loss);
  const sums = [...SUM_NAMES, ...(model.hasCount ? ['counted'] : [])];
  const evaluation = addMetricSums(form.graph, form.loss, model.metrics ?? [], sums.length);
  const evaluate = createProgram(evaluation.graph, {
    wanted: evaluation.wanted,
    gradientOf: new Map(),
    gather: (node) => gatherCalls(node, dataset),
  });
  // Of what is kept without recomputation: the rows decide bits.
  const rows = chooseMicroBatch(options, graph, plainTrain);
  const recomputed = options.recompute ? recomputeActivations(plain, graph, options.recompute) : undefined;
  const differentiated = recomputed ?? plain;
  const training = recomputed ? settleGradients(recomputed, isFrozenNode) : plainTraining;
  const train = recomputed ? programOf(training) : plainTrain;
  checkSizes(training, train, rows);

  const names = nameNodes(graph, differentiated, training);
  const constants = createConstantPool();
  const context = { elementOffsets: parameters.elementOffsets, constants, names, rows };
  const trainPlacement = placeBuffers(train.buffers, rows);
  const evaluatePlacement = placeBuffers(evaluate.buffers, rows);
  const trainCalls = resolveProgram(training.graph, train, trainPlacement, context);
  // Behind the model's own nodes stand other nodes than in training: they have no names there.
  const evaluateCalls = resolveProgram(evaluation.graph, evaluate, evaluatePlacement, { ...context, names: new Map() });
  return {
    version: 1,
    numerics,
    rows,
    parameters: [...parameters.parameters],
    statistics: [...parameters.statistics],
    parameterElements: parameters.elements,
    sums,
    metric: model.metric,
    ...(evaluation.metrics.length > 0 && { metrics: [...evaluation.metrics] }),
    constants: [...constants.words],
    buffers: describeBuffers(train, trainPlacement, names),
    activationBytes: Math.max(trainPlacement.byteLength, evaluatePlacement.byteLength),
    scratchBytes: Math.max(trainCalls.scratchBytes, evaluateCalls.scratchBytes),
    evaluationActivationBytes: evaluatePlacement.byteLength,
    layers: model.layers.map(describeLayer),
    train: splitCalls(train, trainCalls.calls, graph.nodes.length),
    evaluate: splitCalls(evaluate, evaluateCalls.calls, evaluation.graph.nodes.length),
  };
}

/** Gathering, then the model's own nodes, then what was put behind them. */
function splitCalls({ calls }: Program, resolved: readonly Call[], forwardNodes: number): Plan['train'] {
  const part = (isIn: (call: Program['calls'][number]) => boolean): Call[] => resolved.filter((_, i) => isIn(calls[i]));
  return {
    gather: part(({ node }) => isGathered(node)),
    forward: part(({ node }) => !isGathered(node) && node.id < forwardNodes),
    backward: part(({ node }) => node.id >= forwardNodes),
  };
}

function checkSizes({ graph }: TrainingGraph, { buffers }: Program, rows: number): void {
  for (const { node, type } of buffers) {
    const elements = elementCount(type.shape) * (type.isBatched ? rows : 1);
    if (elements <= MOST_ELEMENTS) continue;
    throw new ModelError(
      `${graph.nodes[node].layer}: expected at most ${MOST_ELEMENTS} elements in a tensor, got ${elements} for ${rows} rows of shape (${type.shape.join(',')}); set a smaller microBatch or layer`,
    );
  }
}

function describeLayer({ name, kind, outputShape, parameters }: ModelLayer): PlanLayer {
  return { name, kind, outputShape: [...outputShape], parameters };
}
