// Nodes of a training graph → what people call their tensors: `dense1`, `d dense1`, `d dense1.weight`. Coordinator only.
import type { Differentiated } from '../graph/autodiff.ts';
import type { Graph } from '../graph/graph.ts';
import { labelShape } from '../graph/kernel-call.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import type { TrainingGraph } from './gradients.ts';
import type { Placement } from './placement.ts';
import type { PlanBuffer } from './plan.ts';
import type { Program } from './program.ts';

/** Node → its tensor's name. */
export type TensorNames = ReadonlyMap<NodeId, string>;

/** Names every node: a layer's last tensor after the layer, its others with the op, gradients after what they are the gradient of. */
export function nameNodes(graph: Graph, { gradients }: Differentiated, training: TrainingGraph): TensorNames {
  const names = new Map(training.graph.nodes.map((node) => [node.id, `${node.layer} ${node.op.name}`]));
  const lastOfLayer = new Map(graph.nodes.map(({ layer, id }) => [layer, id]));
  for (const node of graph.nodes) names.set(node.id, nameForward(node, lastOfLayer));
  // One tensor may be the gradient of several nodes, as behind an addition: the last of them in the graph names it.
  // The loss's own tensor is that of the outputs' gradient.
  for (const [of, gradient] of [...gradients].sort(([a], [b]) => a - b)) {
    if (of !== gradient) names.set(gradient, `d ${names.get(of)}`);
  }
  for (const [gradient, of] of training.gradientOf) names.set(gradient, `d ${names.get(of)}`);
  return names;
}

function nameForward({ layer, id, op, attrs }: GraphNode, lastOfLayer: ReadonlyMap<string, NodeId>): string {
  if (op.source === 'parameter') return `${layer}.${attrs.name}`;
  return lastOfLayer.get(layer) === id ? layer : `${layer} ${op.name}`;
}

/** The rows of the plan's table of buffers. */
export function describeBuffers(program: Program, placement: Placement, names: TensorNames): PlanBuffer[] {
  return program.buffers.map(({ node, type, firstCall, lastCall }, i) => ({
    name: names.get(node) ?? `${node}`,
    shape: labelShape(type),
    byteOffset: placement.byteOffsets[i],
    byteLength: placement.byteLengths[i],
    firstCall,
    lastCall,
  }));
}
