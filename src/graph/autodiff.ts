// A graph that ends in a loss → the same graph with the backward ops behind it. Pure; coordinator only.
import { createGraph, type Graph } from './graph.ts';
import type { Attrs, GraphNode, NodeId, Op } from './op.ts';
import { add } from './ops/add.ts';
import { isSameType } from './tensor-type.ts';

/** A graph with its backward part: the nodes of the forward part keep their ids, all others are behind them. */
export interface Differentiated {
  readonly graph: Graph;
  /** Node of the forward part → node that holds its gradient, for every node between a parameter and the loss. */
  readonly gradients: ReadonlyMap<NodeId, NodeId>;
}

/**
 * Adds the gradients of a loss, back to front (reverse accumulation). A loss's tensor is by definition the gradient of its numerator
 * by its first input, so the backward part begins with it. Only what lies between a parameter and the loss gets a gradient:
 * the first layer's inputs do not, nor do parameters for which `isFrozen` says so.
 */
export function differentiate(
  graph: Graph,
  loss: NodeId,
  isFrozen: (parameter: GraphNode) => boolean = () => false,
): Differentiated {
  const builder = createGraph(graph);
  const applyOnce = mergeEqual(builder.apply);
  const isTrained = reachFromParameters(graph, isFrozen);
  const gradients = new Map<NodeId, GraphNode>([[loss, graph.nodes[loss]]]);
  for (let id = loss; id >= 0; id--) {
    const dOut = gradients.get(id);
    if (dOut !== undefined && isTrained[id]) propagate(graph.nodes[id], dOut);
  }

  // Parameters come last among an op's inputs: their gradients first, so that the op's own input dies early and its memory is free for what follows.
  function propagate(node: GraphNode, dOut: GraphNode): void {
    const inputs = node.inputs.map((id) => graph.nodes[id]);
    const apply = <B extends Attrs>(op: Op<B>, of: readonly GraphNode[], attrs: B): GraphNode =>
      applyOnce(op, of, attrs, node.layer);
    for (let i = inputs.length - 1; i >= 0; i--) {
      if (!isTrained[inputs[i].id]) continue;
      const gradient = node.op.gradient?.({ node, inputs, dOut, apply }, i);
      if (gradient !== undefined) accumulate(inputs[i], gradient);
    }
  }

  function accumulate(node: GraphNode, gradient: GraphNode): void {
    if (!isSameType(node, gradient)) {
      throw new Error(
        `${node.layer}: the gradient of ${node.op.name} has another shape than its tensor; this is a fault in lockstep`,
      );
    }
    const sofar = gradients.get(node.id);
    gradients.set(node.id, sofar === undefined ? gradient : applyOnce(add, [sofar, gradient], {}, node.layer));
  }

  return { graph: builder, gradients: new Map([...gradients].map(([id, gradient]) => [id, gradient.id])) };
}

/** For each node whether it is a trained parameter or computed from one. */
function reachFromParameters({ nodes }: Graph, isFrozen: (parameter: GraphNode) => boolean): boolean[] {
  const isReached: boolean[] = [];
  for (const node of nodes) {
    const isTrained = node.op.source === 'parameter' && !isFrozen(node);
    isReached.push(isTrained || node.inputs.some((id) => isReached[id]));
  }
  return isReached;
}

type Apply = <A extends Attrs>(op: Op<A>, inputs: readonly GraphNode[], attrs: A, layer: string) => GraphNode;

/** Gives the node that is there already where the same op was applied to the same inputs: gradient rules share their steps that way. */
function mergeEqual(apply: Apply): Apply {
  const known = new Map<string, GraphNode>();
  return (op, inputs, attrs, layer) => {
    const key = `${op.name} ${inputs.map(({ id }) => id)} ${JSON.stringify(attrs)}`;
    const node = known.get(key) ?? apply(op, inputs, attrs, layer);
    known.set(key, node);
    return node;
  };
}
