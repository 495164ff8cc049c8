// A graph with its backward part → the same in which backward computes most activations again, from few that are kept. Pure; coordinator only.
//
// Chen, Xu, Zhang, Guestrin 2016, "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174: the forward part is cut into segments; only
// what crosses a cut is kept, and a segment is computed again when backward comes to it. Ops are pure functions of their inputs (dropout takes
// its randomness from step and sample), and each is computed again by the same calls of the same shapes: no bit changes.
import type { Differentiated } from '../graph/autodiff.ts';
import { createGraph, type Graph } from '../graph/graph.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { poolIndices } from '../graph/ops/conv-relu-pool.ts';
import { ownerOf } from './program.ts';

/** `recompute` of a config: true is about √n segments of n places to cut. */
export type Recompute = boolean | number;

/** @param forward the graph that was differentiated: its nodes keep their ids, those of the backward part get new ones. */
export function recomputeActivations(
  { graph, gradients }: Differentiated,
  forward: Graph,
  recompute: Recompute,
): Differentiated {
  const segmentOf = cutSegments(forward, recompute);
  const isKept = findKept(forward, segmentOf);
  const builder = createGraph({ nodes: graph.nodes.slice(0, forward.nodes.length) });
  /** Node of the old graph → what a node of the backward part reads in its place. */
  const copies = new Map<NodeId, GraphNode>();

  function copyOf(id: NodeId): GraphNode {
    const known = copies.get(id);
    if (known !== undefined) return known;
    const node = graph.nodes[id];
    // Filled at the first call that reads it, which stands in front of backward: an alias of what is kept lies there too.
    const copy = isKept[ownerOf(graph, node).id] ? node : apply(node);
    copies.set(id, copy);
    return copy;
  }

  const apply = ({ op, inputs, attrs, layer }: GraphNode): GraphNode =>
    builder.apply(op, inputs.map(copyOf), attrs, layer);

  for (const node of graph.nodes.slice(forward.nodes.length)) copies.set(node.id, apply(node));
  return {
    graph: builder,
    gradients: new Map(
      [...gradients].map(([of, id]) => [of, id < forward.nodes.length ? id : (copies.get(id) as GraphNode).id]),
    ),
  };
}

/** Node → its segment. Cuts are where the fewest tensors cross, as near to equal parts as such places are. */
function cutSegments(forward: Graph, recompute: Recompute): number[] {
  const places = findCuts(forward);
  const wanted = recompute === true ? nearest(Math.sqrt(places.length + 1)) : Number(recompute);
  const segments = Math.max(1, Math.min(wanted, places.length + 1));
  const cuts = new Set<NodeId>();
  for (let i = 1; i < segments; i++) cuts.add(places[nearest((i * (places.length + 1)) / segments) - 1]);
  let segment = 0;
  return forward.nodes.map(({ id }) => {
    if (cuts.has(id)) segment++;
    return segment;
  });
}

/** The nodes in front of which just one computed tensor is still read: a chain of layers has one at each, a residual block at its end. */
function findCuts(forward: Graph): NodeId[] {
  const lastReader = findLastReaders(forward);
  const isComputed = ({ op }: GraphNode): boolean => op.source === undefined && op.isAlias !== true;
  return forward.nodes
    .filter(isComputed)
    .map(({ id }) => id)
    .filter(
      (cut) =>
        forward.nodes.filter((node) => isComputed(node) && node.id < cut && lastReader[node.id] >= cut).length === 1,
    );
}

/** Owner of memory → the last node that reads it. */
function findLastReaders(forward: Graph): NodeId[] {
  const last = forward.nodes.map(() => -1);
  for (const node of forward.nodes) {
    for (const input of node.inputs) last[ownerOf(forward, forward.nodes[input]).id] = node.id;
  }
  return last;
}

/**
 * Kept are what is not computed, what a later segment reads, and all of the last segment, which backward begins with: nothing would be saved.
 * Index bytes are filled by the op behind them and cannot be computed alone.
 */
function findKept(forward: Graph, segmentOf: readonly number[]): boolean[] {
  const lastReader = findLastReaders(forward);
  const lastSegment = segmentOf[segmentOf.length - 1];
  return forward.nodes.map(
    ({ id, op }) =>
      op.source !== undefined ||
      op.name === poolIndices.name ||
      segmentOf[id] === lastSegment ||
      (lastReader[id] >= 0 && segmentOf[lastReader[id]] > segmentOf[id]),
  );
}

const nearest = (value: number): number => Math.floor(value + 0.5);
