// A graph → the same graph with ops that one kernel call can do together as one op. Pure; coordinator only.
import type { ConvolutionAttrs } from '../graph/convolution.ts';
import { createGraph, type Graph } from '../graph/graph.ts';
import type { GraphNode, NodeId } from '../graph/op.ts';
import { convReluPool, poolIndices } from '../graph/ops/conv-relu-pool.ts';
import { type Conv2dAttrs, conv2d } from '../graph/ops/conv2d.ts';
import { type DenseAttrs, dense, isDenseActivation } from '../graph/ops/dense.ts';
import { type GeluAttrs, gelu, geluSlope, geluWithSlope } from '../graph/ops/gelu.ts';
import { maxPool2d } from '../graph/ops/max-pool2d.ts';
import { relu } from '../graph/ops/relu.ts';
import type { PoolingAttrs } from '../graph/pooling.ts';

/** A fused graph; ids are its own. */
export interface FusedGraph {
  readonly graph: Graph;
  readonly loss: NodeId;
}

/** Ops that become one: the last of them is what the one computes, the others are read by nobody else. */
interface Fusion {
  /** All but the last. */
  readonly moved: readonly NodeId[];
  /** Adds the one op; `copyOf` gives a node in the new graph. */
  apply(copyOf: (id: NodeId) => GraphNode): GraphNode;
}

/**
 * Moves activations into gemm, which applies them while a row is in the cache (bit for bit the same: gemm's activations are the kernels
 * of the same names), ReLU into a convolution likewise, a convolution, ReLU and 2 x 2 maxima behind it into one kernel, which sums in
 * an order of its own, and has GELU keep its slope for the gradient (the same bits), if `keepsSlopes`:
 * where activations are computed again there is nothing to keep.
 */
export function fuseOps({ nodes }: Graph, loss: NodeId, { keepsSlopes = true } = {}): FusedGraph {
  const builder = createGraph();
  const users = countUsers(nodes);

  /** A node's first input, if it is of that op and nobody else reads it. */
  function onlyReads(node: GraphNode, opName: string): GraphNode | undefined {
    const input = nodes[node.inputs[0]];
    return input?.op.name === opName && users[input.id] === 1 ? input : undefined;
  }

  function fuseDense(node: GraphNode): Fusion | undefined {
    const activation = node.op.name;
    const sum = isDenseActivation(activation) ? onlyReads(node, dense.name) : undefined;
    if (sum === undefined || sum.attrs.activation !== 'none') return undefined;
    const attrs = { activation: activation as DenseAttrs['activation'] };
    return {
      moved: [sum.id],
      apply: (copyOf) => builder.apply(dense, sum.inputs.map(copyOf), attrs, sum.layer) as unknown as GraphNode,
    };
  }

  /** ReLU in front of the maxima or behind them: the largest of what it lets through is what it lets through of the largest. */
  function fusePooled(node: GraphNode): Fusion | undefined {
    const [last, first] = [maxPool2d.name, relu.name];
    if (node.op.name !== last && node.op.name !== first) return undefined;
    const before = onlyReads(node, node.op.name === last ? first : last);
    const sum = before === undefined ? undefined : onlyReads(before, conv2d.name);
    if (before === undefined || sum === undefined) return undefined;
    const pool = node.op.name === last ? node : before;
    if (!isByTwo(pool.attrs as PoolingAttrs) || !isPlain(sum.attrs as Conv2dAttrs)) return undefined;
    const { padding } = sum.attrs as ConvolutionAttrs;
    return {
      moved: [before.id, sum.id],
      apply(copyOf) {
        const [x, weight, ...bias] = sum.inputs.map(copyOf);
        const index = builder.apply(poolIndices, [x, weight], { padding }, sum.layer) as unknown as GraphNode;
        const inputs = [x, weight, index, ...bias];
        return builder.apply(convReluPool, inputs, { padding }, sum.layer) as unknown as GraphNode;
      },
    };
  }

  function fuseRelu(node: GraphNode): Fusion | undefined {
    const sum = node.op.name === relu.name ? onlyReads(node, conv2d.name) : undefined;
    const attrs = sum?.attrs as Conv2dAttrs | undefined;
    if (sum === undefined || attrs?.groups !== 1 || attrs.activation !== undefined) return undefined;
    return {
      moved: [sum.id],
      apply: (copyOf) =>
        builder.apply(
          conv2d,
          sum.inputs.map(copyOf),
          { ...attrs, activation: 'relu' },
          sum.layer,
        ) as unknown as GraphNode,
    };
  }

  /** GELU with its slope beside it. */
  function fuseSlope(node: GraphNode): Fusion | undefined {
    if (!keepsSlopes || node.op.name !== gelu.name) return undefined;
    return {
      moved: [],
      apply(copyOf) {
        const x = copyOf(node.inputs[0]);
        const attrs = node.attrs as GeluAttrs;
        const slope = builder.apply(geluSlope, [x], attrs, node.layer) as unknown as GraphNode;
        return builder.apply(geluWithSlope, [x, slope], attrs, node.layer) as unknown as GraphNode;
      },
    };
  }

  // Back to front: maxima take a ReLU with them before it goes into its convolution alone.
  const fusions: (Fusion | undefined)[] = nodes.map(() => undefined);
  const isMoved = new Set<NodeId>();
  for (const node of nodes.toReversed()) {
    if (isMoved.has(node.id)) continue;
    const fusion = fuseDense(node) ?? fusePooled(node) ?? fuseRelu(node) ?? fuseSlope(node);
    fusions[node.id] = fusion;
    for (const id of fusion?.moved ?? []) isMoved.add(id);
  }
  const copies = new Map<NodeId, GraphNode>();
  const copyOf = (id: NodeId): GraphNode => copies.get(id)!;
  for (const node of nodes) {
    if (isMoved.has(node.id)) continue;
    const copy =
      fusions[node.id]?.apply(copyOf) ?? builder.apply(node.op, node.inputs.map(copyOf), node.attrs, node.layer);
    copies.set(node.id, copy);
  }
  return { graph: builder, loss: copyOf(loss).id };
}

/** Windows of 2 x 2 side by side. */
function isByTwo({ kernel, stride, padding }: PoolingAttrs): boolean {
  return [...kernel, ...stride].every((length) => length === 2) && padding.every((length) => length === 0);
}

/** A convolution that sees every position once, all channels together. */
function isPlain({ stride, dilation, groups, activation }: Conv2dAttrs): boolean {
  return activation === undefined && [...stride, ...dilation, groups].every((step) => step === 1);
}

function countUsers(nodes: readonly GraphNode[]): number[] {
  const users = new Array<number>(nodes.length).fill(0);
  for (const { inputs } of nodes) for (const id of inputs) users[id]++;
  return users;
}
