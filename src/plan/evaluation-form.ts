// A graph for training → the same graph with what stands for its nodes in evaluation behind it. Pure; coordinator only.
import { createGraph, type Graph } from '../graph/graph.ts';
import type { Attrs, EvaluationContext, GraphNode, NodeId, Op } from '../graph/op.ts';

/** The graph to evaluate, and its loss. Nodes of the training graph keep their ids: parameters are found by them. */
export interface EvaluationForm {
  readonly graph: Graph;
  readonly loss: NodeId;
}

/** Applies each op's rule of evaluation (dropout does nothing, batch norm takes its running statistics); what depends on it follows. */
export function evaluationForm(training: Graph, loss: NodeId): EvaluationForm {
  const builder = createGraph(training);
  const standIns = new Map<NodeId, GraphNode>();
  const standIn = (id: NodeId): GraphNode => standIns.get(id) ?? training.nodes[id];
  for (const node of training.nodes) {
    const inputs = node.inputs.map(standIn);
    if (node.op.inEvaluation !== undefined) standIns.set(node.id, node.op.inEvaluation(contextOf(node, inputs)));
    else if (node.inputs.some((id) => standIns.has(id))) {
      standIns.set(node.id, builder.apply(node.op, inputs, node.attrs, node.layer));
    }
  }

  function contextOf(node: GraphNode, inputs: readonly GraphNode[]): EvaluationContext {
    const apply = <B extends Attrs>(op: Op<B>, of: readonly GraphNode[], attrs: B): GraphNode =>
      builder.apply(op, of, attrs, node.layer) as unknown as GraphNode;
    return { node, inputs, apply };
  }

  return { graph: builder, loss: standIn(loss).id };
}
