// Maxima, comparisons and choices: graphs for the op table, float64 rules, and PyTorch's case.
import type { GraphNode, Op } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { equal } from '#src/graph/ops/equal.js';
import { greater } from '#src/graph/ops/greater.js';
import { greaterEqual } from '#src/graph/ops/greater-equal.js';
import { less } from '#src/graph/ops/less.js';
import { lessEqual } from '#src/graph/ops/less-equal.js';
import { max } from '#src/graph/ops/max.js';
import { maximum } from '#src/graph/ops/maximum.js';
import { min } from '#src/graph/ops/min.js';
import { minimum } from '#src/graph/ops/minimum.js';
import { notEqual } from '#src/graph/ops/not-equal.js';
import { where } from '#src/graph/ops/where.js';
import type { OpCase, Sketch } from '../op-cases.ts';

const NONE = {};
const PAIRS: [string, (s: Sketch) => [GraphNode, GraphNode]][] = [
  ['of equal shapes', (s) => [s.parameter(2, 3), s.parameter(2, 3)]],
  ['of (4,1,6) and (5,6)', (s) => [s.parameter(4, 1, 6), s.parameter(5, 6)]],
  ['of a scalar and a matrix', (s) => [s.parameter(), s.parameter(2, 3)]],
  ['of a batch and a row', (s) => [s.batch(4), s.parameter(4)]],
  ['of a (1,2) and the batch (2,2)', (s) => [s.parameter(1, 2), s.batch(2, 2)]],
];

/** Two tensors, reductions over one axis and several, comparisons beside what a gradient passes through. */
export const EXTREME_CASES: OpCase[] = [
  ...[maximum, minimum].flatMap((op) =>
    PAIRS.map(([title, build]): OpCase => ({ op: op.name, title, build: (s) => s.apply(op, build(s), NONE) })),
  ),
  ...[less, lessEqual, greater, greaterEqual, equal, notEqual].flatMap((op) =>
    PAIRS.map(
      ([title, build]): OpCase => ({
        op: op.name,
        title,
        build: (s) => {
          const pair = build(s);
          return s.apply(add, [s.apply(op, pair, NONE), s.apply(add, pair, NONE)], NONE);
        },
      }),
    ),
  ),
  ...PAIRS.map(
    ([title, build]): OpCase => ({
      op: 'where',
      title,
      build: (s) => {
        const [a, b] = build(s);
        return s.apply(where, [s.apply(less, [a, b], NONE), b, a], NONE);
      },
    }),
  ),
  {
    op: 'where',
    title: 'of a small condition and a batch',
    build: (s) => {
      const [zero, one] = [s.parameter(1), s.parameter(4)];
      const chosen = s.apply(where, [s.apply(less, [s.input, one], NONE), s.batch(4), zero], NONE);
      return s.apply(add, [chosen, one], NONE);
    },
  },
  ...[max, min].flatMap((op) => [
    ...[[0], [1], [2], [-1, 0], [0, 1, 2], []].flatMap((axes) =>
      [true, false].map(
        (keepDims): OpCase => ({
          op: op.name,
          title: `over axes (${axes})${keepDims ? ', kept' : ''}`,
          build: (s) => s.apply(op, [s.parameter(2, 3, 5)], { axes, keepDims }),
        }),
      ),
    ),
    {
      op: op.name,
      title: 'of a batch',
      build: (s: Sketch) => s.apply(op, [s.batch(2, 2)], { axes: [0], keepDims: false }),
    },
    {
      op: op.name,
      title: 'of a batch to one number a sample',
      build: (s: Sketch) => s.apply(op, [s.batch(4)], { axes: [0], keepDims: false }),
    },
  ]),
];

type Values = ArrayLike<number>;
type Rule = (node: GraphNode, inputs: readonly Values[], types: readonly GraphNode[], rows: number) => number[];
const pairwise =
  (f: (a: number, b: number) => number): Rule =>
  (_node, [a, b]) =>
    Array.from(a, (value, i) => f(value, b[i]));
/** Collects what falls on each position of the result, then takes the extreme of it. */
const reduction =
  (f: (...values: number[]) => number): Rule =>
  (node, [x], [type], rows) => {
    const shape = type.isBatched ? [rows, ...type.shape] : [...type.shape];
    const lead = type.isBatched ? 1 : 0;
    const reduced = (node.attrs.axes as number[]).map(
      (axis) => ((axis + type.shape.length) % type.shape.length) + lead,
    );
    const groups: number[][] = [];
    Array.from(x).forEach((value, index) => {
      let [rest, to, stride] = [index, 0, 1];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        if (!reduced.includes(axis)) {
          to += (rest % shape[axis]) * stride;
          stride *= shape[axis];
        }
        rest = Math.floor(rest / shape[axis]);
      }
      groups[to] = [...(groups[to] ?? []), value];
    });
    return groups.map((group) => f(...group));
  };

export const EXTREME_RULES: Record<string, Rule> = {
  maximum: pairwise(Math.max),
  minimum: pairwise(Math.min),
  less: pairwise((a, b) => Number(a < b)),
  lessEqual: pairwise((a, b) => Number(a <= b)),
  greater: pairwise((a, b) => Number(a > b)),
  greaterEqual: pairwise((a, b) => Number(a >= b)),
  equal: pairwise((a, b) => Number(a === b)),
  notEqual: pairwise((a, b) => Number(a !== b)),
  where: (_node, [condition, a, b]) => Array.from(condition, (one, i) => (one === 0 ? b[i] : a[i])),
  max: reduction(Math.max),
  min: reduction(Math.min),
};

type Apply = (op: Op<never>, inputs: GraphNode[], attrs: object) => GraphNode;

/** PyTorch's case. */
export const EXTREME_FIXTURES = {
  max_axis: {
    inputs: ['x'],
    build: (nodes: GraphNode[], apply: Apply) => apply(max as never, nodes, { axes: [-1], keepDims: false }),
  },
};
