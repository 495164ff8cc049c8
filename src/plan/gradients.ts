// A graph with its backward part → the node of each parameter's gradient that may be computed right in the gradient buffer. Coordinator only.
import type { Differentiated } from '../graph/autodiff.ts';
import { createGraph, type Graph } from '../graph/graph.ts';
import { ModelError } from '../graph/model-error.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { copy } from '../graph/ops/copy.ts';
import { updateStatistic } from '../graph/ops/update-statistic.ts';
import { findReaders, orderNodes, ownerOf } from './program.ts';

/** The graph that a training step runs, and which of its nodes are parameters' gradients. */
export interface TrainingGraph {
  readonly graph: Graph;
  /**
   * Node → the parameter whose gradient it is, or the statistic whose value it is; nobody reads it. A gradient's op can add to what is there,
   * a statistic is seen by a whole shard at once.
   */
  readonly gradientOf: ReadonlyMap<NodeId, NodeId>;
}

/**
 * Finds the node that makes each parameter's gradient. From a shard's second micro-batch on, a gradient is added to the first ones' sum,
 * so that nobody may read it as that of this micro-batch: where somebody does, or the op cannot add, a copy is put behind.
 * @throws ModelError where a parameter does not reach the loss.
 */
export function settleGradients(
  { graph, gradients }: Differentiated,
  isFrozen: (parameter: GraphNode) => boolean,
): TrainingGraph {
  const builder = createGraph(graph);
  const parameters = graph.nodes.filter((node) => node.op.source === 'parameter' && !isFrozen(node));
  const found = parameters.map((node) => graph.nodes[gradientNode(node, gradients)]);
  const readers = findReaders(graph, orderNodes(graph, found.map(idOf)));
  const owners = found.map((node) => ownerOf(graph, node));
  const gradientOf = new Map<NodeId, NodeId>();
  parameters.forEach(({ id, layer }, i) => {
    const owner = owners[i];
    // One gradient of two parameters is read by the copy for the second.
    const isRead = readers.has(owner.id) || owners.filter((other) => other === owner).length > 1;
    const isInPlace = owner.op.accumulates === true && !isRead;
    const node = isInPlace ? owner : builder.apply(copy, [found[i]], {}, layer);
    gradientOf.set(node.id, id);
  });
  for (const { id, op, inputs } of graph.nodes) if (op.name === updateStatistic.name) gradientOf.set(id, inputs[0]);
  return { graph: builder, gradientOf };
}

function idOf({ id }: GraphNode): NodeId {
  return id;
}

function gradientNode({ id, layer, attrs }: GraphNode, gradients: ReadonlyMap<NodeId, NodeId>): NodeId {
  const gradient = gradients.get(id);
  if (gradient !== undefined) return gradient;
  throw new ModelError(
    `${layer}: expected every parameter to reach the loss, got ${layer}.${attrs.name}, which does not; use the layer's output or remove the layer`,
  );
}
