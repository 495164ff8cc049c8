// Transposing, cutting, padding, joining and picking: graphs for the op table, float64 rules, and PyTorch's cases.
import type { GraphNode, Op } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { concat } from '#src/graph/ops/concat.js';
import { constant } from '#src/graph/ops/constant.js';
import { embedding } from '#src/graph/ops/embedding.js';
import { gather } from '#src/graph/ops/gather.js';
import { pad } from '#src/graph/ops/pad.js';
import { slice } from '#src/graph/ops/slice.js';
import { tanh } from '#src/graph/ops/tanh.js';
import { transpose } from '#src/graph/ops/transpose.js';
import { openFixture } from '../fixtures.ts';
import type { OpCase, Sketch } from '../op-cases.ts';

const shaped = (op: Op<never>, title: string, attrs: object, ...shape: number[]): OpCase => ({
  op: op.name,
  title: `${title} of (${shape})`,
  build: (s) => s.apply(op as unknown as Op, [s.parameter(...shape)], attrs as Readonly<Record<string, unknown>>),
});
const ids = (s: Sketch, shape: number[], values: number[]): GraphNode =>
  s.apply(constant, [], { shape, values, element: 'i32' });

/** Every op of parameters and of batches. */
export const SHAPE_CASES: OpCase[] = [
  shaped(transpose, 'axes (2,0,1)', { axes: [2, 0, 1] }, 3, 4, 5),
  shaped(transpose, 'axes (1,0)', { axes: [1, 0] }, 5, 3),
  shaped(transpose, 'axes (0,-1,1)', { axes: [0, -1, 1] }, 2, 3, 4),
  shaped(transpose, 'axes (0,2,1,3)', { axes: [0, 2, 1, 3] }, 2, 3, 4, 5),
  shaped(transpose, 'axes (0,1)', { axes: [0, 1] }, 1, 7),
  shaped(transpose, 'no axes', { axes: [] }),
  { op: 'transpose', title: 'of a batch', build: (s) => s.apply(transpose, [s.batch(2, 1, 2)], { axes: [2, 0, 1] }) },
  shaped(slice, '[1:3, :, 2:]', { starts: [1, 0, 2], ends: [3, 5, 7] }, 4, 5, 7),
  shaped(slice, '[-2:, :-1]', { starts: [-2, 0], ends: [99, -1] }, 5, 3),
  shaped(slice, '[::2, ::-1]', { starts: [0, -1], ends: [9, -99], steps: [2, -1] }, 5, 4),
  shaped(slice, '[6:1:-2]', { starts: [6], ends: [1], steps: [-2] }, 9),
  {
    op: 'slice',
    title: 'of a batch',
    build: (s) => s.apply(slice, [s.batch(2, 2)], { starts: [0, 1], ends: [2, 2] }),
  },
  {
    op: 'slice',
    title: 'beside another of the same tensor',
    build: (s) => {
      const x = s.batch(4);
      const halves = [0, 2].map((start) => s.apply(slice, [x], { starts: [start], ends: [start + 2] }));
      return s.apply(add, halves, {});
    },
  },
  shaped(
    pad,
    'by 0',
    {
      pads: [
        [0, 0],
        [3, 0],
        [1, 2],
      ],
    },
    2,
    5,
    6,
  ),
  shaped(pad, 'by 1.5', { pads: [[2, 1]], value: 1.5 }, 3),
  {
    op: 'pad',
    title: 'of a batch',
    build: (s) =>
      s.apply(pad, [s.batch(2, 2)], {
        pads: [
          [1, 0],
          [0, 2],
        ],
      }),
  },
  ...[0, 1, -1].map(
    (axis): OpCase => ({
      op: 'concat',
      title: `of three along axis ${axis}`,
      build: (s) => {
        const lengths = [1, 3, 2];
        const shape = [2, 3, 2];
        const at = axis < 0 ? axis + 3 : axis;
        const parts = lengths.map((length) => s.parameter(...shape.with(at, length)));
        return s.apply(concat, parts, { axis });
      },
    }),
  ),
  { op: 'concat', title: 'of one', build: (s) => s.apply(concat, [s.parameter(3)], { axis: 0 }) },
  {
    op: 'concat',
    title: 'of a batch with itself and another',
    build: (s) => {
      const x = s.batch(2, 2);
      return s.apply(concat, [x, s.apply(tanh, [x], {}), x], { axis: 1 });
    },
  },
  shaped(gather, 'rows (2,0,2,-1)', { indices: [2, 0, 2, -1] }, 4, 3),
  shaped(gather, 'numbers (1,1)', { indices: [1, 1] }, 5),
  { op: 'gather', title: 'of a batch', build: (s) => s.apply(gather, [s.batch(2, 2)], { indices: [1, 1, 0] }) },
  {
    op: 'embedding',
    title: 'of ids (2,3), some of them twice',
    build: (s) => s.apply(embedding, [ids(s, [2, 3], [4, 0, 4, 1, 4, 2]), s.parameter(5, 7)], {}),
  },
  {
    op: 'embedding',
    title: 'of one id',
    build: (s) => s.apply(embedding, [ids(s, [], [1]), s.parameter(2, 1)], {}),
  },
];

type Values = ArrayLike<number>;
type Rule = (node: GraphNode, inputs: readonly Values[], types: readonly GraphNode[], rows: number) => number[];
const full = ({ shape, isBatched }: GraphNode, rows: number): number[] => (isBatched ? [rows, ...shape] : [...shape]);
const positions = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (sofar, length) => sofar.flatMap((at) => Array.from({ length }, (_, i) => [...at, i])),
    [[]],
  );
const indexOf = (at: readonly number[], shape: readonly number[]): number =>
  at.reduce((index, position, axis) => index * shape[axis] + position, 0);
/** Each element of the result from that of the first input at another position, or a value of its own where there is none. */
const from =
  (source: (at: number[], node: GraphNode, type: GraphNode) => number[], otherwise = 0): Rule =>
  (node, [x], [type], rows) =>
    positions(full(node, rows)).map((at) => {
      const lead = node.isBatched ? 1 : 0;
      const inner = source(at.slice(lead), node, type);
      const isInside = inner.every((position, axis) => position >= 0 && position < type.shape[axis]);
      const value = (node.attrs.value as number | undefined) ?? otherwise;
      return isInside ? x[indexOf([...at.slice(0, lead), ...inner], full(type, rows))] : value;
    });

/** Positions are numpy's: Array.prototype.slice and at() say what negative ones mean. */
export const SHAPE_RULES: Record<string, Rule> = {
  transpose: from((at, { attrs }, { shape }) =>
    shape.map(
      (_, axis) => at[(attrs.axes as number[]).findIndex((one) => (one + shape.length) % shape.length === axis)],
    ),
  ),
  slice: from((at, { attrs }, { shape }) => {
    const { starts, ends, steps } = attrs as Record<string, number[]>;
    return at.map((position, axis) => {
      const all = [...Array(shape[axis]).keys()];
      const step = steps?.[axis] ?? 1;
      if (step > 0) return all.slice(starts[axis], ends[axis]).filter((_, i) => i % step === 0)[position];
      const start = starts[axis] < 0 ? starts[axis] + all.length : starts[axis];
      const end = ends[axis] < 0 ? ends[axis] + all.length : ends[axis];
      return all.filter((one) => one <= start && one > end).reverse()[-position * step];
    });
  }),
  pad: from((at, { attrs }) => at.map((position, axis) => position - (attrs.pads as number[][])[axis][0])),
  gather: from(([first, ...rest], { attrs }, { shape }) => {
    const index = (attrs.indices as number[])[first];
    return [[...Array(shape[0]).keys()].at(index)!, ...rest];
  }),
  concat(node, inputs, types, rows) {
    const axis = node.shape.length + (node.isBatched ? 1 : 0) + Math.min(0, node.attrs.axis as number);
    const at = (node.attrs.axis as number) < 0 ? axis : (node.attrs.axis as number) + (node.isBatched ? 1 : 0);
    return positions(full(node, rows)).map((position) => {
      let rest = position[at];
      const which = types.findIndex((type) => {
        const length = full(type, rows)[at];
        if (rest < length) return true;
        rest -= length;
        return false;
      });
      return inputs[which][indexOf(position.with(at, rest), full(types[which], rows))];
    });
  },
  embedding(_node, [picked, table], [, { shape }]) {
    return Array.from(picked).flatMap((id) => Array.from(table).slice(id * shape[1], (id + 1) * shape[1]));
  },
};

type Apply = (op: Op<never>, inputs: GraphNode[], attrs: object) => GraphNode;
const of = (op: Op<never>, inputs: string[], attrs: object) => ({
  inputs,
  build: (nodes: GraphNode[], apply: Apply) => apply(op, nodes, attrs),
});

/** PyTorch's cases of these ops. */
export const SHAPE_FIXTURES = {
  transpose: of(transpose, ['x'], { axes: [2, 0, 1] }),
  concat: of(concat, ['a', 'b'], { axis: 1 }),
  slice: of(slice, ['x'], { starts: [1, 0, 2], ends: [3, 5, 7] }),
  pad: of(pad, ['x'], {
    pads: [
      [0, 0],
      [3, 0],
      [1, 2],
    ],
  }),
  embedding: {
    inputs: ['w'],
    build: ([w]: GraphNode[], apply: Apply) => {
      const { shape, values } = openFixture('ops')('embedding/ids');
      const picked = apply(constant as never, [], { shape, values: [...values], element: 'i32' });
      return apply(embedding as never, [picked, w], {});
    },
  },
};
