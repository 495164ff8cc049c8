// A loss of a config, the model's outputs and the dataset's targets → the loss's node, last in the graph. Coordinator only.
import type { GraphBuilder } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode } from '../graph/op.ts';
import { meanSquaredError } from '../graph/ops/mean-squared-error.ts';
import { softmaxCrossEntropy } from '../graph/ops/softmax-cross-entropy.ts';
import { target } from '../graph/ops/target.ts';
import { formatType, isSameShape } from '../graph/tensor-type.ts';
import type { LossName } from './nn.schema.ts';

/** What a loss has to know of a dataset's targets. */
export type TargetSpec =
  | { readonly kind: 'class'; readonly classes: number }
  | { readonly kind: 'values'; readonly shape: readonly number[] };

/** A loss in the graph, and what is shown of it beside its value. */
export interface Loss {
  readonly node: GraphNode;
  readonly metric: 'accuracy' | 'mse';
}

/**
 * Adds the targets and the loss behind the outputs.
 * @throws ModelError where loss, targets and outputs do not fit; it says which of them to change.
 */
export function addLoss(graph: GraphBuilder, loss: LossName, outputs: GraphNode, targets: TargetSpec): Loss {
  return loss === 'crossEntropy' ? addCrossEntropy(graph, outputs, targets) : addSquaredError(graph, outputs, targets);
}

function addCrossEntropy(graph: GraphBuilder, outputs: GraphNode, targets: TargetSpec): Loss {
  if (targets.kind !== 'class') {
    throw new ModelError(
      `loss: expected class labels for crossEntropy, got values of shape (${targets.shape.join(',')}); set loss: mse, or use data with labels`,
    );
  }
  const [units] = outputs.shape;
  const isRow = outputs.shape.length === 1;
  // More outputs than classes are allowed, as in PyTorch: the surplus ones learn to be improbable.
  if (!isRow || units < targets.classes) {
    throw new ModelError(
      `${outputs.layer}: expected outputs of shape (-1,${targets.classes}) for labels 0 to ${targets.classes - 1} of shape (-1), got ${formatType(outputs)}; end the model with { dense: ${targets.classes} }`,
    );
  }
  const labels = graph.apply(target, [], { shape: [], element: 'i32' }, 'target');
  return { node: graph.apply(softmaxCrossEntropy, [outputs, labels], {}, 'loss'), metric: 'accuracy' };
}

function addSquaredError(graph: GraphBuilder, outputs: GraphNode, targets: TargetSpec): Loss {
  if (targets.kind !== 'values') {
    throw new ModelError(
      `loss: expected values for mse, got class labels 0 to ${targets.classes - 1}; set loss: crossEntropy, or use data with values`,
    );
  }
  const values = graph.apply(target, [], { shape: [...targets.shape], element: 'f32' }, 'target');
  if (!isSameShape(outputs.shape, values.shape)) {
    throw new ModelError(
      `${outputs.layer}: expected outputs of the targets' shape ${formatType(values)}, got ${formatType(outputs)}; ${advise(targets.shape)}`,
    );
  }
  return { node: graph.apply(meanSquaredError, [outputs, values], {}, 'loss'), metric: 'mse' };
}

function advise(shape: readonly number[]): string {
  const units = shape.reduce((product, length) => product * length, 1);
  const reshaped = shape.length === 1 ? '' : ` and { reshape: [${shape.join(', ')}] }`;
  return `end the model with { dense: ${units} }${reshaped}`;
}
