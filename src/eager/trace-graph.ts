// A trace → a graph of ops, and behind it the ops of its gradients: the rules of training, on tensors without a batch axis. Pure.
import { differentiate } from '../graph/autodiff.ts';
import { createGraph, type Graph, type GraphBuilder } from '../graph/graph.ts';
import type { GraphNode, Op } from '../graph/op.ts';
import { formatShape, isSameShape, type TensorType } from '../graph/tensor-type.ts';
import type { Expression } from './expression.ts';
import type { Trace } from './trace.ts';

/** A trace's ops. */
export interface TracedGraph {
  readonly graph: Graph;
  /** Where values come in: the trace's leaves and, for gradients, the seed behind them. */
  readonly given: readonly GraphNode[];
  /** What is wanted: the trace's last expression and, for gradients, those of the leaves, each where there is one. */
  readonly results: readonly (GraphNode | undefined)[];
}

type GivenAttrs = { readonly type: TensorType };

/** A tensor whose values are written before a run and whose gradient may be asked for. */
const givenWeight: Op<GivenAttrs> = { name: 'weight', source: 'parameter', infer: (_inputs, { type }) => type };

/** A tensor whose values are written before a run; no gradient rule is asked for its gradient. */
const givenData: Op<GivenAttrs> = { name: 'data', source: 'constant', infer: (_inputs, { type }) => type };

/** x → x, but no gradient goes back through it. */
export const detach: Op<Readonly<Record<string, never>>> = {
  name: 'detach',
  isAlias: true,
  infer: ([x]) => ({ shape: x.shape, isBatched: false, element: x.element }),
};

/** (g, y) → g as the gradient of y: the end of a graph from which differentiation starts, as from a loss. */
const seedGradient: Op<Readonly<Record<string, never>>> = {
  name: 'backward',
  isAlias: true,
  infer: ([, y]) => ({ shape: y.shape, isBatched: false, element: 'f32' }),
  gradient: ({ dOut }, input) => (input === 1 ? dOut : undefined),
};

/** The graph of a value. */
export function buildForward(trace: Trace): TracedGraph {
  const graph = createGraph();
  const nodes = addExpressions(graph, trace);
  return { graph, given: leafNodes(trace, nodes), results: [nodes.at(-1)] };
}

/** The graph of a value and of its gradients by all leaves that require them. */
export function buildBackward(trace: Trace): TracedGraph {
  const builder = createGraph();
  const nodes = addExpressions(builder, trace);
  const root = nodes.at(-1)!;
  const seed = addGiven(builder, givenData, root);
  const end = builder.apply(seedGradient, [seed, root], {}, seedGradient.name);
  const { graph, gradients } = differentiate(builder, end.id);
  const given = leafNodes(trace, nodes);
  const results = trace.leaves.map(({ requiresGrad }, i) => {
    const gradient = requiresGrad ? gradients.get(given[i].id) : undefined;
    return gradient === undefined ? undefined : graph.nodes[gradient];
  });
  return { graph, given: [...given, seed], results: [root, ...results] };
}

function addExpressions(graph: GraphBuilder, { expressions, leaves, indexOf }: Trace): GraphNode[] {
  const isGiven = new Set(leaves);
  const nodes: GraphNode[] = [];
  for (const expression of expressions) {
    const inputs = expression.inputs.map((input) => nodes[indexOf.get(input)!]);
    const given = expression.requiresGrad ? givenWeight : givenData;
    nodes.push(isGiven.has(expression) ? addGiven(graph, given, expression) : addExpression(graph, expression, inputs));
  }
  return nodes;
}

function addExpression(graph: GraphBuilder, expression: Expression, inputs: readonly GraphNode[]): GraphNode {
  const { op, attrs, inputs: from, requiresGrad, shape } = expression;
  const node = graph.apply(op!, inputs, attrs, op!.name);
  if (!isSameShape(node.shape, shape)) {
    throw new Error(
      `${op!.name}: inferred ${formatShape(shape)}, then ${formatShape(node.shape)}; a fault in lockstep`,
    );
  }
  // It was made in noGrad: what it was made of is a constant to what follows.
  const isCut = !requiresGrad && from.some((input) => input.requiresGrad);
  return isCut ? graph.apply(detach, [node], {}, op!.name) : node;
}

function addGiven(graph: GraphBuilder, op: Op<GivenAttrs>, { shape, element }: TensorType): GraphNode {
  return graph.apply(op, [], { type: { shape, isBatched: false, element } }, op.name);
}

function leafNodes({ leaves, indexOf }: Trace, nodes: readonly GraphNode[]): GraphNode[] {
  return leaves.map((leaf) => nodes[indexOf.get(leaf)!]);
}
