// The op table: for every op the graphs that its numbers are checked on.
import { createGraph, type GraphBuilder } from '#src/graph/graph.js';
import type { Attrs, GraphNode, Op } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { addScalar } from '#src/graph/ops/add-scalar.js';
import { broadcastTo, sumTo } from '#src/graph/ops/broadcast-to.js';
import { constant } from '#src/graph/ops/constant.js';
import { copy } from '#src/graph/ops/copy.js';
import { dense } from '#src/graph/ops/dense.js';
import { div } from '#src/graph/ops/div.js';
import { exp } from '#src/graph/ops/exp.js';
import { input } from '#src/graph/ops/input.js';
import { log } from '#src/graph/ops/log.js';
import { matmul, rowsMatmul } from '#src/graph/ops/matmul.js';
import { mean } from '#src/graph/ops/mean.js';
import { meanSquaredError } from '#src/graph/ops/mean-squared-error.js';
import { mul } from '#src/graph/ops/mul.js';
import { negate } from '#src/graph/ops/negate.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { relu } from '#src/graph/ops/relu.js';
import { reshape } from '#src/graph/ops/reshape.js';
import { scale } from '#src/graph/ops/scale.js';
import { sigmoid } from '#src/graph/ops/sigmoid.js';
import { sqrt } from '#src/graph/ops/sqrt.js';
import { square } from '#src/graph/ops/square.js';
import { sub } from '#src/graph/ops/sub.js';
import { sum } from '#src/graph/ops/sum.js';
import { tanh } from '#src/graph/ops/tanh.js';
import { target } from '#src/graph/ops/target.js';
import type { Model } from '#src/nn/build-model.js';
import { ACTIVATION_CASES } from './cases/activation-cases.ts';
import { BATCHED_MATMUL_CASES } from './cases/batched-matmul-cases.ts';
import { CONV_CASES } from './cases/conv-cases.ts';
import { EXTREME_CASES } from './cases/extreme-cases.ts';
import { NORMALIZATION_CASES } from './cases/normalization.ts';
import { SHAPE_CASES } from './cases/shape-cases.ts';
import { SOFTMAX_CASES } from './cases/softmax-cases.ts';

/** A graph under construction with short words for the test's sources. */
export interface Sketch {
  graph: GraphBuilder;
  apply<A extends Attrs>(op: Op<A>, inputs: GraphNode[], attrs: A): GraphNode;
  parameter(...shape: number[]): GraphNode;
  /** The batch's inputs, one sample of shape (4). */
  input: GraphNode;
  /** A batch that depends on parameters, so that gradients flow through it: the inputs plus a parameter. */
  batch(...shape: number[]): GraphNode;
}

/** One line of the table: `build` gives the tensor that is compared with random targets. */
export interface OpCase {
  op: string;
  title: string;
  build(sketch: Sketch): GraphNode;
  /** Values of parameters and inputs lie in here; [-2, 2) unless said. */
  range?: [number, number];
  /** The value depends on which samples go through it together, so micro-batches may not be cut. */
  mixesSamples?: boolean;
}

const NONE = {};
const unaryCases = (op: Op<Readonly<Record<string, never>>>, range?: [number, number]): OpCase[] => [
  { op: op.name, title: 'of a parameter', build: (s) => s.apply(op, [s.parameter(3, 5)], NONE), range },
  {
    op: op.name,
    title: 'of a batch, its input read again',
    range,
    build: (s) => {
      const x = s.batch(4);
      return s.apply(add, [s.apply(op, [x], NONE), x], NONE);
    },
  },
];
const binaryCases = (op: Op<Readonly<Record<string, never>>>, range?: [number, number]): OpCase[] => [
  {
    op: op.name,
    title: 'of equal shapes',
    build: (s) => s.apply(op, [s.parameter(2, 3), s.parameter(2, 3)], NONE),
    range,
  },
  {
    op: op.name,
    title: 'of (4,1,6) and (5,6)',
    build: (s) => s.apply(op, [s.parameter(4, 1, 6), s.parameter(5, 6)], NONE),
    range,
  },
  {
    op: op.name,
    title: 'of a scalar and a matrix',
    build: (s) => s.apply(op, [s.parameter(), s.parameter(2, 3)], NONE),
    range,
  },
  { op: op.name, title: 'of a batch and a row', build: (s) => s.apply(op, [s.batch(4), s.parameter(4)], NONE), range },
  {
    op: op.name,
    title: 'of a (1,2) over the batch (2,2)',
    build: (s) => s.apply(op, [s.parameter(1, 2), s.batch(2, 2)], NONE),
    range,
  },
  {
    op: op.name,
    title: 'of a (1,1,2) over the batch axis',
    build: (s) => s.apply(op, [s.parameter(1, 1, 2), s.batch(2, 2)], NONE),
    range,
  },
  {
    op: op.name,
    title: 'of a tensor and itself',
    range,
    build: (s) => {
      const x = s.batch(4);
      return s.apply(op, [x, x], NONE);
    },
  },
];
const reductionCases = (op: typeof sum): OpCase[] => [
  ...[[0], [1], [2], [-1, 0], [0, 1, 2], []].flatMap((axes) =>
    [true, false].map(
      (keepDims): OpCase => ({
        op: op.name,
        title: `over axes (${axes})${keepDims ? ', kept' : ''}`,
        build: (s) => s.apply(op, [s.parameter(2, 3, 4)], { axes, keepDims }),
      }),
    ),
  ),
  { op: op.name, title: 'of a batch', build: (s) => s.apply(op, [s.batch(2, 2)], { axes: [0], keepDims: false }) },
  {
    op: op.name,
    title: 'of a batch to one number a sample',
    build: (s) => s.apply(op, [s.batch(4)], { axes: [0], keepDims: false }),
  },
];

/** Every op with a lowering, or its gradient ops, and an alias stand here; the test of ops asserts it. */
export const OP_CASES: OpCase[] = [
  ...[relu, tanh, sigmoid, negate, square, exp, copy].flatMap((op) => unaryCases(op)),
  ...[log, sqrt].flatMap((op) => unaryCases(op, [0.2, 2])),
  ...[add, sub, mul].flatMap((op) => binaryCases(op)),
  ...binaryCases(div, [0.3, 2]),
  { op: 'scale', title: 'by 2.5', build: (s) => s.apply(scale, [s.parameter(7)], { alpha: 2.5 }) },
  {
    op: 'scale',
    title: 'by 0',
    build: (s) => s.apply(add, [s.apply(scale, [s.parameter(7)], { alpha: 0 }), s.parameter(7)], NONE),
  },
  {
    op: 'addScalar',
    title: 'by -1',
    build: (s) => s.apply(square, [s.apply(addScalar, [s.batch(4)], { alpha: -1 })], NONE),
  },
  {
    op: 'constant',
    title: 'times a parameter',
    build: (s) =>
      s.apply(mul, [s.apply(constant, [], { shape: [2, 2], values: [1, -2, 0.5, 4] }), s.parameter(2, 2)], NONE),
  },
  {
    op: 'broadcastTo',
    title: 'into the batch',
    build: (s) => s.apply(broadcastTo, [s.parameter(2, 1)], { shape: [2, 3], isBatched: true }),
  },
  {
    op: 'broadcastTo',
    title: 'within the batch',
    build: (s) => s.apply(broadcastTo, [s.batch(4, 1)], { shape: [4, 3], isBatched: true }),
  },
  {
    op: 'sumTo',
    title: 'over the batch',
    mixesSamples: true,
    build: (s) => s.apply(sumTo, [s.batch(2, 2)], { shape: [2, 2], isBatched: false }),
  },
  {
    op: 'sumTo',
    title: 'within the batch',
    build: (s) => s.apply(sumTo, [s.batch(2, 2)], { shape: [2, 1], isBatched: true }),
  },
  ...[sum, mean].flatMap(reductionCases),
  { op: 'reshape', title: 'of a parameter', build: (s) => s.apply(reshape, [s.parameter(2, 6)], { shape: [3, 4] }) },
  {
    op: 'reshape',
    title: 'of a batch, both shapes used',
    build: (s) => {
      const x = s.batch(4);
      const y = s.apply(reshape, [s.apply(tanh, [x], NONE)], { shape: [2, 2] });
      return s.apply(mul, [y, s.apply(reshape, [x], { shape: [2, 2] })], NONE);
    },
  },
  {
    op: 'matmul',
    title: 'of matrices',
    build: (s) => s.apply(matmul, [s.parameter(3, 5), s.parameter(5, 2)], { transposed: false }),
  },
  {
    op: 'matmul',
    title: 'with the second transposed',
    build: (s) => s.apply(matmul, [s.parameter(3, 5), s.parameter(2, 5)], { transposed: true }),
  },
  {
    op: 'matmul',
    title: 'of a batch of matrices',
    build: (s) => s.apply(matmul, [s.batch(2, 2), s.parameter(2, 3)], { transposed: false }),
  },
  {
    op: 'matmul',
    title: 'of a vector',
    build: (s) => s.apply(matmul, [s.parameter(5), s.parameter(5, 2)], { transposed: false }),
  },
  {
    op: 'rowsMatmul',
    title: 'over the batch',
    mixesSamples: true,
    build: (s) => s.apply(rowsMatmul, [s.batch(2, 2), s.apply(tanh, [s.batch(2, 2)], NONE)], NONE),
  },
  ...(['none', 'relu', 'tanh', 'sigmoid'] as const).map(
    (activation): OpCase => ({
      op: 'dense',
      title: `with ${activation}`,
      build: (s) => s.apply(dense, [s.batch(4), s.parameter(3, 4), s.parameter(3)], { activation }),
    }),
  ),
  {
    op: 'dense',
    title: 'without bias',
    build: (s) => s.apply(dense, [s.batch(4), s.parameter(3, 4)], { activation: 'none' }),
  },
  {
    op: 'dense',
    title: 'on the last of two axes',
    build: (s) => s.apply(dense, [s.batch(2, 2), s.parameter(3, 2), s.parameter(3)], { activation: 'tanh' }),
  },
  {
    op: 'dense',
    title: 'with the same weights twice',
    build: (s) => {
      const [weight, bias] = [s.parameter(4, 4), s.parameter(4)];
      const first = s.apply(dense, [s.input, weight, bias], { activation: 'tanh' });
      return s.apply(dense, [first, weight, bias], { activation: 'sigmoid' });
    },
  },
  {
    op: 'parameter',
    title: 'whose gradient is that of another and is read on',
    build(s) {
      const row = s.apply(add, [s.parameter(4), s.apply(tanh, [s.parameter(4)], NONE)], NONE);
      return s.apply(add, [s.input, s.apply(add, [row, s.parameter(4)], NONE)], NONE);
    },
  },
  {
    op: 'parameter',
    title: 'used twice',
    build(s) {
      const p = s.parameter(4);
      return s.apply(mul, [s.apply(add, [s.input, p], NONE), s.apply(exp, [p], NONE)], NONE);
    },
  },
  {
    op: 'parameter',
    title: 'alone, spread over the batch',
    build: (s) => s.apply(add, [s.parameter(4), s.input], NONE),
  },
  ...ACTIVATION_CASES,
  ...EXTREME_CASES,
  ...BATCHED_MATMUL_CASES,
  ...SHAPE_CASES,
  ...SOFTMAX_CASES,
  ...NORMALIZATION_CASES,
  ...CONV_CASES,
];

/** Random numbers that are the same in every run. */
export function randomNumbers(count: number, low: number, high: number, seed: number): number[] {
  let state = (seed * 2654435761) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + (state / 2 ** 32) * (high - low);
  });
}

/** A graph in front of its loss. */
export function sketchGraph(build: (sketch: Sketch) => GraphNode): { graph: GraphBuilder; output: GraphNode } {
  const graph = createGraph();
  const layer = 'layer';
  let count = 0;
  const apply: Sketch['apply'] = (op, inputs, attrs) => graph.apply(op, inputs, attrs, layer);
  const sketch: Sketch = {
    graph,
    apply,
    input: graph.apply(input, [], { shape: [4] }, 'input'),
    parameter: (...shape) =>
      apply(parameter, [], { name: `p${count++}`, shape, initializer: { kind: 'constant', value: 0 } }),
    batch(...shape) {
      const moved = apply(add, [sketch.input, sketch.parameter(4)], {});
      return apply(reshape, [moved], { shape });
    },
  };
  return { graph, output: build(sketch) };
}

/** The case's graph with a squared error behind it; a tensor without batch axis is compared with every sample's targets. */
export function caseModel({ build }: OpCase): Model {
  const { graph, output } = sketchGraph(build);
  const batched = output.isBatched
    ? output
    : graph.apply(broadcastTo, [output], { shape: output.shape, isBatched: true }, 'layer');
  const values = graph.apply(target, [], { shape: batched.shape, element: 'f32' }, 'target');
  const loss = graph.apply(meanSquaredError, [batched, values], {}, 'loss');
  return { graph, loss: loss.id, metric: 'mse', layers: [] };
}
