// A loss of a config, the model's outputs and the dataset's targets → the loss's node, last in the graph. Coordinator only.
import type { GraphBuilder } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode } from '../graph/op.ts';
import { absoluteError } from '../graph/ops/absolute-error.ts';
import { klDivergence } from '../graph/ops/kl-divergence.ts';
import { logisticLoss } from '../graph/ops/logistic-loss.ts';
import { meanSquaredError } from '../graph/ops/mean-squared-error.ts';
import { mixedCrossEntropy } from '../graph/ops/mixed-cross-entropy.ts';
import { negativeLogLikelihood } from '../graph/ops/negative-log-likelihood.ts';
import { softmaxCrossEntropy } from '../graph/ops/softmax-cross-entropy.ts';
import { target } from '../graph/ops/target.ts';
import { weightedCrossEntropy } from '../graph/ops/weighted-cross-entropy.ts';
import { elementCount, formatType, isSameShape } from '../graph/tensor-type.ts';
import { type LossConfig, type LossName, type LossOptions, lossOptions, simplifyLoss } from './nn.schema.ts';

/** What a loss has to know of a dataset's targets; a class target's `shape` is that of one sample's labels, `[]` for one label. */
export type TargetSpec =
  | { readonly kind: 'class'; readonly classes: number; readonly shape?: readonly number[] }
  | { readonly kind: 'values'; readonly shape: readonly number[] };

type ClassSpec = Extract<TargetSpec, { kind: 'class' }>;
type LossOf<Name extends LossName> = Extract<LossOptions, { name: Name }>;

/** What is shown of a loss beside its value: the accuracy where there are labels, else the loss once more, by its name. */
export type LossMetric = 'accuracy' | LossOf<'mse' | 'l1' | 'huber' | 'smoothL1' | 'kl'>['name'];

/** A loss in the graph, and what is shown of it beside its value. */
export interface Loss {
  readonly node: GraphNode;
  readonly metric: LossMetric;
  /** The loss's sums have a fourth cell: how many labels count, where the denominator does not. */
  readonly hasCount: boolean;
}

/**
 * Adds the targets and the loss behind the outputs.
 * @param isMixed training mixes samples: a target is two labels and a share.
 * @throws ModelError where loss, targets and outputs do not fit; it says which of them to change.
 */
export function addLoss(
  graph: GraphBuilder,
  loss: LossConfig,
  outputs: GraphNode,
  targets: TargetSpec,
  isMixed = false,
): Loss {
  const options = lossOptions(loss);
  if (isMixed) return addMixedLoss(graph, options, outputs, targets);
  switch (options.name) {
    case 'crossEntropy':
    case 'nll':
      return addLabelLoss(graph, options, outputs, targets);
    case 'bceWithLogits':
      return addLogisticLoss(graph, options, outputs, targets);
    default:
      return addValueLoss(graph, options, outputs, targets);
  }
}

function addLabelLoss(
  graph: GraphBuilder,
  options: LossOf<'crossEntropy' | 'nll'>,
  outputs: GraphNode,
  targets: TargetSpec,
): Loss {
  const labels = addFittingLabels(graph, options.name, outputs, targets);
  const node = applyLabelLoss(graph, options, [outputs, labels]);
  return { node, metric: 'accuracy', hasCount: options.classWeights !== undefined };
}

/** The loss of mixtures is exact for cross-entropy alone: it is linear in the targets. */
function addMixedLoss(graph: GraphBuilder, options: LossOptions, outputs: GraphNode, targets: TargetSpec): Loss {
  const where = 'loss: expected crossEntropy without classWeights and ignoreIndex, as data.augment mixes samples';
  if (options.name !== 'crossEntropy') {
    throw new ModelError(`${where}, got ${options.name}; remove mixup or cutMix, or set loss: crossEntropy`);
  }
  const { classWeights, ignoreIndex, labelSmoothing } = options;
  if (classWeights !== undefined || ignoreIndex !== undefined) {
    const got = classWeights === undefined ? 'ignoreIndex' : 'classWeights';
    throw new ModelError(`${where}, got ${got}; remove it, or mixup or cutMix`);
  }
  const labels = addFittingLabels(graph, options.name, outputs, targets);
  const others = graph.apply(target, [], { shape: [], element: 'i32', of: 'other' }, 'target');
  const shares = graph.apply(target, [], { shape: [], element: 'f32', of: 'share' }, 'target');
  const node = graph.apply(mixedCrossEntropy, [outputs, labels, others, shares], { labelSmoothing }, 'loss');
  return { node, metric: 'accuracy', hasCount: false };
}

function addFittingLabels(graph: GraphBuilder, loss: LossName, outputs: GraphNode, targets: TargetSpec): GraphNode {
  if (targets.kind !== 'class') {
    throw new ModelError(
      `loss: expected class labels for ${loss}, got values of shape (${targets.shape.join(',')}); set loss: mse, or use data with labels`,
    );
  }
  const labels = addLabels(graph, targets);
  const units = outputs.shape.at(-1) ?? 0;
  const isRows = outputs.shape.length > 0 && isSameShape(outputs.shape.slice(0, -1), labels.shape);
  // More outputs than classes are allowed, as in PyTorch: the surplus ones learn to be improbable.
  if (!isRows || units < targets.classes) {
    const expected = formatType({ ...outputs, shape: [...labels.shape, targets.classes] });
    throw new ModelError(
      `${outputs.layer}: expected outputs of shape ${expected} for labels 0 to ${targets.classes - 1} of shape ${formatType(labels)}, got ${formatType(outputs)}; end the model with { ${labels.shape.length === 0 ? 'dense' : 'linear'}: ${targets.classes} }`,
    );
  }
  return labels;
}

function applyLabelLoss(graph: GraphBuilder, options: LossOf<'crossEntropy' | 'nll'>, inputs: GraphNode[]): GraphNode {
  const { classWeights, ignoreIndex } = options;
  const attrs = { ...(classWeights && { classWeights }), ...(ignoreIndex !== undefined && { ignoreIndex }) };
  if (options.name === 'nll') return graph.apply(negativeLogLikelihood, inputs, attrs, 'loss');
  if (simplifyLoss(options) === options.name) return graph.apply(softmaxCrossEntropy, inputs, {}, 'loss');
  const { labelSmoothing } = options;
  return graph.apply(weightedCrossEntropy, inputs, { ...attrs, labelSmoothing }, 'loss');
}

function addLabels(graph: GraphBuilder, { shape = [] }: ClassSpec): GraphNode {
  return graph.apply(target, [], { shape: [...shape], element: 'i32' }, 'target');
}

/** With labels 0 and 1 the model has one output a label, which says 1 where it is above 0. */
function addLogisticLoss(
  graph: GraphBuilder,
  { posWeight }: LossOf<'bceWithLogits'>,
  outputs: GraphNode,
  targets: TargetSpec,
): Loss {
  const attrs = posWeight === undefined ? {} : { posWeight: typeof posWeight === 'number' ? [posWeight] : posWeight };
  const expected =
    targets.kind === 'class' ? addBinaryLabels(graph, outputs, targets) : addValues(graph, outputs, targets);
  const node = graph.apply(logisticLoss, [outputs, expected], attrs, 'loss');
  return { node, metric: 'accuracy', hasCount: false };
}

function addBinaryLabels(graph: GraphBuilder, outputs: GraphNode, targets: ClassSpec): GraphNode {
  if (targets.classes !== 2) {
    throw new ModelError(
      `loss: expected labels of 2 classes, or values, for bceWithLogits, got class labels 0 to ${targets.classes - 1}; set loss: crossEntropy`,
    );
  }
  const labels = addLabels(graph, targets);
  const isColumn = isSameShape(outputs.shape, [...labels.shape, 1]);
  if (isColumn || isSameShape(outputs.shape, labels.shape)) return labels;
  const wanted = formatType({ ...outputs, shape: [...labels.shape, 1] });
  throw new ModelError(
    `${outputs.layer}: expected outputs of shape ${wanted} for labels 0 and 1, got ${formatType(outputs)}; end the model with { dense: 1 }, or set loss: crossEntropy`,
  );
}

const VALUE_LOSSES = {
  mse: (graph: GraphBuilder, inputs: GraphNode[]) => graph.apply(meanSquaredError, inputs, {}, 'loss'),
  kl: (graph: GraphBuilder, inputs: GraphNode[]) => graph.apply(klDivergence, inputs, {}, 'loss'),
  l1: (graph: GraphBuilder, inputs: GraphNode[]) => graph.apply(absoluteError, inputs, { kind: 'l1' }, 'loss'),
};

function addValueLoss(
  graph: GraphBuilder,
  options: LossOf<'mse' | 'kl' | 'l1' | 'huber' | 'smoothL1'>,
  outputs: GraphNode,
  targets: TargetSpec,
): Loss {
  const { name } = options;
  if (targets.kind !== 'values') {
    throw new ModelError(
      `loss: expected values for ${name}, got class labels 0 to ${targets.classes - 1}; set loss: crossEntropy, or use data with values`,
    );
  }
  const inputs = [outputs, addValues(graph, outputs, targets)];
  if (options.name === 'huber' || options.name === 'smoothL1') {
    const threshold = options.name === 'huber' ? options.delta : options.beta;
    const attrs = { kind: options.name, threshold };
    return { node: graph.apply(absoluteError, inputs, attrs, 'loss'), metric: options.name, hasCount: false };
  }
  return { node: VALUE_LOSSES[options.name](graph, inputs), metric: options.name, hasCount: false };
}

function addValues(
  graph: GraphBuilder,
  outputs: GraphNode,
  { shape }: Extract<TargetSpec, { kind: 'values' }>,
): GraphNode {
  const values = graph.apply(target, [], { shape: [...shape], element: 'f32' }, 'target');
  if (isSameShape(outputs.shape, values.shape)) return values;
  throw new ModelError(
    `${outputs.layer}: expected outputs of the targets' shape ${formatType(values)}, got ${formatType(outputs)}; ${advise(shape)}`,
  );
}

function advise(shape: readonly number[]): string {
  const reshaped = shape.length === 1 ? '' : ` and { reshape: [${shape.join(', ')}] }`;
  return `end the model with { dense: ${elementCount(shape)} }${reshaped}`;
}
