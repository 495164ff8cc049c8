// A graph → the same graph with each activation that follows a dense op moved into it. Pure; coordinator only.
import { createGraph, type Graph } from '../graph/graph.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { type DenseAttrs, dense, isDenseActivation } from '../graph/ops/dense.ts';

/** A fused graph; ids are its own. */
export interface FusedGraph {
  readonly graph: Graph;
  readonly loss: NodeId;
}

/**
 * Moves activations into gemm, which applies them while a row is in the cache, where nobody else reads the sum in front of it.
 * What is computed stays the same, bit for bit: gemm's activations are the kernels of the same names.
 */
export function fuseActivations({ nodes }: Graph, loss: NodeId): FusedGraph {
  const builder = createGraph();
  const users = countUsers(nodes);
  const fused = nodes.map((node) => findFusedDense(node, nodes, users));
  const isMoved = new Set(fused.map((node) => node?.id));
  const copies = new Map<NodeId, GraphNode>();
  const copiesOf = (ids: readonly NodeId[]): GraphNode[] => ids.map((id) => copies.get(id)!);
  for (const node of nodes) {
    const sum = fused[node.id];
    if (isMoved.has(node.id)) continue;
    const copy =
      sum === undefined
        ? builder.apply(node.op, copiesOf(node.inputs), node.attrs, node.layer)
        : builder.apply(
            dense,
            copiesOf(sum.inputs),
            { activation: node.op.name as DenseAttrs['activation'] },
            sum.layer,
          );
    copies.set(node.id, copy);
  }
  return { graph: builder, loss: copies.get(loss)!.id };
}

/** The dense op that an activation can be moved into. */
function findFusedDense(node: GraphNode, nodes: readonly GraphNode[], users: readonly number[]): GraphNode | undefined {
  if (!isDenseActivation(node.op.name)) return undefined;
  const input = nodes[node.inputs[0]];
  const isFree = input.op.name === dense.name && input.attrs.activation === 'none' && users[input.id] === 1;
  return isFree ? input : undefined;
}

function countUsers(nodes: readonly GraphNode[]): number[] {
  const users = new Array<number>(nodes.length).fill(0);
  for (const { inputs } of nodes) for (const id of inputs) users[id]++;
  return users;
}
