// A graph and the nodes that are wanted of it → kernel calls in order, and where each tensor lies: still without sizes. Coordinator only.
import type { Graph } from '../graph/graph.ts';
import { ACCUMULATE, type KernelCall, type Operand, tensor } from '../graph/kernel-call.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { isSameType, type TensorType } from '../graph/tensor-type.ts';

/** Where a tensor lies. A buffer is a stretch of the activations region that one tensor after the other may use. */
export type Place =
  | { readonly in: 'parameters' | 'constants'; readonly node: NodeId }
  | { readonly in: 'gradients'; readonly parameter: NodeId }
  | { readonly in: 'buffer'; readonly buffer: number };

/** A buffer: the tensor it is made for, and the calls between which it is in use, both included. */
export interface ProgramBuffer {
  readonly node: NodeId;
  readonly type: TensorType;
  firstCall: number;
  lastCall: number;
}

/** A kernel call and the node that it computes. */
export interface ProgramCall {
  readonly node: GraphNode;
  readonly call: KernelCall;
}

/** What a graph comes to when it is run. */
export interface Program {
  readonly calls: readonly ProgramCall[];
  readonly places: ReadonlyMap<NodeId, Place>;
  readonly buffers: readonly ProgramBuffer[];
}

/** What is to be computed. */
export interface ProgramGoal {
  /** Nodes that must be computed. */
  readonly wanted: readonly NodeId[];
  /** Node → the parameter whose gradient it is: it is computed right into the gradient buffer. */
  readonly gradientOf: ReadonlyMap<NodeId, NodeId>;
  /** The calls that fill the tensor of an input or target. */
  readonly gather: (node: GraphNode) => KernelCall[];
}

/** Lists the calls of all that the wanted nodes need, in the order of the graph, samples' gathering first. */
export function createProgram(graph: Graph, goal: ProgramGoal): Program {
  const nodes = orderNodes(graph, goal.wanted);
  const readers = findReaders(graph, nodes);
  const { places, buffers } = placeNodes(graph, nodes, goal, readers);
  const calls = nodes.flatMap((node) =>
    lowerNode(graph, node, goal, places.has(node.id)).map((call) => ({ node, call })),
  );
  setLifetimes(calls, places, buffers);
  return { calls, places, buffers };
}

/** The node whose memory a node's tensor is: itself, but for aliases. */
export function ownerOf(graph: Graph, node: GraphNode): GraphNode {
  let owner = node;
  // A loop: a chain of aliases may be longer than the stack is deep.
  while (owner.op.isAlias) owner = graph.nodes[owner.inputs[0]];
  return owner;
}

/** Owner → the nodes that read its memory with a kernel, in the order of the graph. */
export function findReaders(graph: Graph, nodes: readonly GraphNode[]): Map<NodeId, NodeId[]> {
  const readers = new Map<NodeId, NodeId[]>();
  for (const node of nodes) {
    if (node.op.isAlias) continue;
    for (const input of node.inputs) {
      const owner = ownerOf(graph, graph.nodes[input]).id;
      readers.set(owner, [...(readers.get(owner) ?? []), node.id]);
    }
  }
  return readers;
}

/** The nodes that the wanted ones need: gathered ones first, then in the order of the graph, in which inputs stand before their users. */
export function orderNodes({ nodes }: Graph, wanted: readonly NodeId[]): GraphNode[] {
  const isNeeded = new Set<NodeId>(wanted);
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!isNeeded.has(id)) continue;
    for (const input of nodes[id].inputs) isNeeded.add(input);
  }
  const needed = nodes.filter(({ id }) => isNeeded.has(id));
  return [...needed.filter(isGathered), ...needed.filter((node) => !isGathered(node))];
}

/** Whether a node's tensor is filled with samples. */
export function isGathered({ op }: GraphNode): boolean {
  return op.source === 'input' || op.source === 'target' || op.source === 'weight';
}

function placeNodes(
  graph: Graph,
  nodes: readonly GraphNode[],
  goal: ProgramGoal,
  readers: ReadonlyMap<NodeId, readonly NodeId[]>,
): { places: Map<NodeId, Place>; buffers: ProgramBuffer[] } {
  const places = new Map<NodeId, Place>();
  const buffers: ProgramBuffer[] = [];

  function placeOf(node: GraphNode): Place | undefined {
    const parameter = goal.gradientOf.get(node.id);
    if (node.op.source === 'parameter' || node.op.source === 'statistic') return { in: 'parameters', node: node.id };
    if (node.op.source === 'constant') return { in: 'constants', node: node.id };
    if (node.op.isAlias) return places.get(node.inputs[0]);
    if (parameter !== undefined) return { in: 'gradients', parameter };
    // A loss in evaluation: its sums are wanted, its tensor is not.
    if (!isGathered(node) && !readers.has(node.id)) return undefined;
    return overwrittenPlace(node) ?? newBuffer(node);
  }

  /** The buffer of an input that nobody reads after this node. */
  function overwrittenPlace(node: GraphNode): Place | undefined {
    for (const index of node.op.overwrites ?? []) {
      const input = graph.nodes[node.inputs[index]];
      const place = places.get(input.id);
      const isLastReader = readers.get(ownerOf(graph, input).id)?.at(-1) === node.id;
      if (place?.in === 'buffer' && isLastReader && isSameType(input, node)) return place;
    }
    return undefined;
  }

  function newBuffer(node: GraphNode): Place {
    const { shape, isBatched, element } = node;
    const type = { shape, isBatched, element };
    buffers.push({ node: node.id, type, firstCall: Number.POSITIVE_INFINITY, lastCall: -1 });
    return { in: 'buffer', buffer: buffers.length - 1 };
  }

  for (const node of nodes) {
    const place = placeOf(node);
    if (place !== undefined) places.set(node.id, place);
  }
  return { places, buffers };
}

function lowerNode(graph: Graph, node: GraphNode, goal: ProgramGoal, hasPlace: boolean): KernelCall[] {
  if (isGathered(node)) return goal.gather(node);
  if (node.op.source !== undefined || node.op.isAlias) return [];
  if (node.op.lower === undefined) {
    throw new Error(`${node.layer}: op ${node.op.name} has no lowering; this is a fault in lockstep`);
  }
  const inputs = node.inputs.map((id) => graph.nodes[id]);
  const accumulate = goal.gradientOf.has(node.id) ? ACCUMULATE : 0;
  return node.op.lower({ node, inputs, out: hasPlace ? tensor(node) : 0, accumulate });
}

/** A buffer is in use from the first to the last call that names a tensor in it. */
function setLifetimes(
  calls: readonly ProgramCall[],
  places: ReadonlyMap<NodeId, Place>,
  buffers: readonly ProgramBuffer[],
): void {
  calls.forEach(({ call }, index) => {
    for (const node of call.args.map(namedTensor)) {
      const place = node === undefined ? undefined : places.get(node);
      if (place?.in !== 'buffer') continue;
      const buffer = buffers[place.buffer];
      buffer.firstCall = Math.min(buffer.firstCall, index);
      buffer.lastCall = Math.max(buffer.lastCall, index);
    }
  });
}

function namedTensor(operand: Operand): NodeId | undefined {
  return typeof operand === 'object' && operand.of === 'tensor' ? operand.node : undefined;
}
