// A graph and values for its sources → the loss in float64, by the plainest loops: independent of kernels, autodiff and plan.
import type { Graph } from '#src/graph/graph.js';
import type { GraphNode, NodeId } from '#src/graph/op.js';
import { elementCount } from '#src/graph/tensor-type.js';
import { ACTIVATION_FUNCTIONS } from './cases/activation-cases.ts';
import { BATCHED_MATMUL_RULES } from './cases/batched-matmul-cases.ts';
import { CONV_RULES } from './cases/conv-float64.ts';
import { EXTREME_RULES } from './cases/extreme-cases.ts';
import { NORMALIZATION_RULES } from './cases/normalization.ts';
import { SHAPE_RULES } from './cases/shape-cases.ts';
import { SOFTMAX_RULES } from './cases/softmax-cases.ts';

/** Values of parameters, inputs and targets by node, row-major, all samples. */
export type Values = ReadonlyMap<NodeId, ArrayLike<number>>;

type Tensor = ArrayLike<number>;
export type Rule = (node: GraphNode, inputs: readonly Tensor[], types: readonly GraphNode[], rows: number) => Tensor;

const fullShape = ({ shape, isBatched }: GraphNode, rows: number): number[] =>
  isBatched ? [rows, ...shape] : [...shape];
const unary =
  (f: (x: number, attrs: Record<string, unknown>) => number): Rule =>
  (node, [x]) =>
    Array.from(x, (value) => f(value, node.attrs));
const binary =
  (f: (a: number, b: number) => number): Rule =>
  (_node, [a, b]) =>
    Array.from(a, (value, i) => f(value, b[i]));
const ACTIVATIONS: Record<string, (x: number) => number> = {
  none: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

/** The index of row-major position `at` of shape `to` in a tensor of shape `from` that broadcasts to it. */
function sourceIndex(at: number, to: readonly number[], from: readonly number[]): number {
  let index = 0;
  let stride = 1;
  let rest = at;
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const position = rest % to[axis];
    rest = Math.floor(rest / to[axis]);
    const fromAxis = axis - to.length + from.length;
    if (fromAxis < 0) continue;
    if (from[fromAxis] !== 1) index += position * stride;
    stride *= from[fromAxis];
  }
  return index;
}

function sumDown(x: Tensor, from: readonly number[], to: readonly number[]): number[] {
  const out = new Array<number>(elementCount(to)).fill(0);
  for (let i = 0; i < x.length; i++) out[sourceIndex(i, from, to)] += x[i];
  return out;
}

function reduce(node: GraphNode, x: Tensor, type: GraphNode, rows: number): number[] {
  const axes = (node.attrs.axes as number[]).map((axis) => (axis < 0 ? axis + type.shape.length : axis));
  const kept = type.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const batch = type.isBatched ? [rows] : [];
  return sumDown(x, [...batch, ...type.shape], [...batch, ...kept]);
}

function product(a: Tensor, b: Tensor, m: number, n: number, k: number, isTransposed: boolean): number[] {
  const out = new Array<number>(m * n).fill(0);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < k; p++) out[i * n + j] += a[i * k + p] * b[isTransposed ? j * k + p : p * n + j];
    }
  }
  return out;
}

const RULES: Record<string, Rule> = {
  constant: (node) => node.attrs.values as number[],
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  negate: unary((x) => -x),
  scale: unary((x, { alpha }) => x * (alpha as number)),
  addScalar: unary((x, { alpha }) => x + (alpha as number)),
  square: unary((x) => x * x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  relu: unary(ACTIVATIONS.relu),
  tanh: unary(ACTIVATIONS.tanh),
  sigmoid: unary(ACTIVATIONS.sigmoid),
  copy: unary((x) => x),
  reshape: unary((x) => x),
  broadcastTo(node, [x], [type], rows) {
    const to = fullShape(node, rows);
    return Array.from({ length: elementCount(to) }, (_, i) => x[sourceIndex(i, to, fullShape(type, rows))]);
  },
  sumTo: (node, [x], [type], rows) => sumDown(x, fullShape(type, rows), fullShape(node, rows)),
  sum: (node, [x], [type], rows) => reduce(node, x, type, rows),
  mean(node, [x], [type], rows) {
    const count = elementCount(type.shape) / elementCount(node.shape);
    return reduce(node, x, type, rows).map((total) => total / count);
  },
  matmul(node, [a, b], [type], rows) {
    const [k, n] = [type.shape.at(-1)!, node.shape.at(-1)!];
    const m = elementCount(fullShape(type, rows)) / k;
    return product(a, b, m, n, k, node.attrs.transposed as boolean);
  },
  rowsMatmul(node, [a, b]) {
    const [m, n] = node.shape;
    const transposed = Array.from(a, (_, i) => a[(i % (a.length / m)) * m + Math.floor(i / (a.length / m))]);
    return product(transposed, b, m, n, a.length / m, false);
  },
  dense(node, [x, weight, bias], [type], rows) {
    const [k, n] = [type.shape.at(-1)!, node.shape.at(-1)!];
    const m = elementCount(fullShape(type, rows)) / k;
    const activate = ACTIVATIONS[node.attrs.activation as string];
    return product(x, weight, m, n, k, true).map((sum, i) => activate(sum + (bias?.[i % n] ?? 0)));
  },
  softmaxCrossEntropy(_node, [logits, labels], [type]) {
    const classes = type.shape.at(-1)!;
    return [
      Array.from(labels).reduce((loss, label, row) => {
        const scores = Array.from({ length: classes }, (_, c) => logits[row * classes + c]);
        const top = Math.max(...scores);
        const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
        return loss + Math.log(total) + top - scores[label];
      }, 0),
    ];
  },
  meanSquaredError: (_node, [prediction, target]) => [
    Array.from(prediction).reduce((loss, value, i) => loss + (value - target[i]) ** 2, 0),
  ],
  ...Object.fromEntries(Object.entries(ACTIVATION_FUNCTIONS).map(([name, f]) => [name, unary(f)])),
  ...SOFTMAX_RULES,
  ...SHAPE_RULES,
  ...BATCHED_MATMUL_RULES,
  ...EXTREME_RULES,
  weightedSum: (_node, [x, g]) => [Array.from(x).reduce((sum, value, i) => sum + value * g[i], 0)],
  ...NORMALIZATION_RULES,
  ...CONV_RULES,
};

/** Every node's tensor in float64; a loss's is its numerator. */
export function evaluateGraph({ nodes }: Graph, values: Values, rows: number): Tensor[] {
  const tensors: Tensor[] = [];
  for (const node of nodes) {
    const given = values.get(node.id);
    const inputs = node.inputs.map((id) => tensors[id]);
    const types = node.inputs.map((id) => nodes[id]);
    tensors.push(given ?? RULES[node.op.name](node, inputs, types, rows));
  }
  return tensors;
}

/** The gradient of the loss's numerator by a parameter: central differences of order 4 and step h, in float64. */
export function centralDifferences(
  graph: Graph,
  loss: NodeId,
  parameter: NodeId,
  values: Values,
  rows: number,
  h = 1e-4,
): number[] {
  const start = Array.from(values.get(parameter)!);
  return start.map((value, i) => {
    const lossAt = (offset: number): number => {
      const moved = start.with(i, value + offset);
      return evaluateGraph(graph, new Map([...values, [parameter, moved]]), rows)[loss][0];
    };
    return (8 * (lossAt(h) - lossAt(-h)) - (lossAt(2 * h) - lossAt(-2 * h))) / (12 * h);
  });
}
