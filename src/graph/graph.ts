// Ops applied to tensors become an append-only list of nodes. Coordinator only.
import type { Attrs, GraphNode, NodeId, Op } from './op.ts';
import { broadcastTo } from './ops/broadcast-to.ts';
import { broadcastTypes, isSameType, type TensorType } from './tensor-type.ts';

/** A model as ops: nodes by id, inputs before their users. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
}

/** A graph that grows; nodes never change once they are in. */
export interface GraphBuilder extends Graph {
  /**
   * Applies an op and gives its node; a broadcasting op's inputs are stretched first.
   * @param layer the layer that asks for it: errors begin with this name.
   * @throws ModelError where the shapes do not fit.
   */
  apply<A extends Attrs>(op: Op<A>, inputs: readonly GraphNode[], attrs: A, layer: string): GraphNode<A>;
}

/** Starts a graph, empty or with the nodes of another, which stays as it is. */
export function createGraph(start: Graph = { nodes: [] }): GraphBuilder {
  const nodes: GraphNode[] = [...start.nodes];

  function append<A extends Attrs>(op: Op<A>, inputs: readonly GraphNode[], attrs: A, layer: string): GraphNode<A> {
    const type = op.infer(inputs, attrs, layer);
    const { shape, isBatched, element } = type;
    const node = { id: nodes.length, op, inputs: inputs.map(idOf), attrs, shape, isBatched, element, layer };
    nodes.push(node as unknown as GraphNode);
    return node;
  }

  function stretch(inputs: readonly GraphNode[], layer: string): GraphNode[] {
    const [first, ...others] = inputs;
    const type = others.reduce<TensorType>((sofar, input) => broadcastTypes(sofar, input, layer), first);
    const attrs = { shape: type.shape, isBatched: type.isBatched };
    return inputs.map((input) => (isSameType(input, type) ? input : append(broadcastTo, [input], attrs, layer)));
  }

  return {
    nodes,
    apply: (op, inputs, attrs, layer) => append(op, op.broadcasts ? stretch(inputs, layer) : inputs, attrs, layer),
  };
}

function idOf(node: GraphNode): NodeId {
  return node.id;
}
