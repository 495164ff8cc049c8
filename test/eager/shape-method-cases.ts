// Lines of the table of methods: reductions, shapes, rows by index, softmax, products of several matrices.
import { tensor } from '#src/index.js';
import type { MethodCase } from './method-cases.ts';
import { byRule } from './rule-cases.ts';

const reductions = (method: 'max' | 'min'): MethodCase[] =>
  byRule(method, [
    { title: 'of all', shapes: [[2, 3]], to: [], attrs: { axes: [0, 1] }, apply: (x) => x[method]() },
    { title: 'over one axis', shapes: [[2, 3]], to: [3], attrs: { axes: [0] }, apply: (x) => x[method](0) },
    {
      title: 'over two axes, kept',
      shapes: [[2, 3, 2]],
      to: [1, 3, 1],
      attrs: { axes: [0, 2] },
      apply: (x) => x[method]([0, -1], { keepDims: true }),
    },
  ]);

export const SHAPE_METHOD_CASES: MethodCase[] = [
  ...reductions('max'),
  ...reductions('min'),
  ...byRule('transpose', [
    { title: 'reversed', shapes: [[2, 3, 4]], to: [4, 3, 2], attrs: { axes: [2, 1, 0] }, apply: (x) => x.transpose() },
    {
      title: 'of axes (1,-1,0)',
      shapes: [[2, 3, 4]],
      to: [3, 4, 2],
      attrs: { axes: [1, -1, 0] },
      apply: (x) => x.transpose([1, -1, 0]),
    },
  ]),
  ...byRule('slice', [
    { title: '[1:-1]', shapes: [[7]], to: [5], attrs: { starts: [1], ends: [-1] }, apply: (x) => x.slice(1, -1) },
    {
      title: '[1:3, ::-2]',
      shapes: [[4, 5]],
      to: [2, 3],
      attrs: { starts: [1, -1], ends: [3, -99], steps: [1, -2] },
      apply: (x) => x.slice([1, -1], [3, -99], [1, -2]),
    },
  ]),
  ...byRule('pad', [
    {
      title: 'with 0',
      shapes: [[2, 3]],
      to: [3, 5],
      attrs: {
        pads: [
          [1, 0],
          [0, 2],
        ],
      },
      apply: (x) =>
        x.pad([
          [1, 0],
          [0, 2],
        ]),
    },
    { title: 'with 7', shapes: [[2]], to: [5], attrs: { pads: [[1, 2]], value: 7 }, apply: (x) => x.pad([[1, 2]], 7) },
  ]),
  ...byRule('gather', [
    {
      title: 'of rows',
      shapes: [[4, 3]],
      to: [3, 3],
      attrs: { indices: [2, -1, 2] },
      apply: (x) => x.gather([2, -1, 2]),
    },
    {
      title: 'of numbers, by a tensor',
      shapes: [[4]],
      to: [2],
      attrs: { indices: [3, 0] },
      apply: (x) => x.gather(tensor([3, 0])),
    },
  ]),
  {
    method: 'embedding',
    title: 'of a matrix of ids',
    shapes: [[4, 2]],
    apply: (table) =>
      table.embedding([
        [3, 0],
        [3, 1],
      ]),
    exact: (table) => [3, 0, 3, 1].flatMap((id) => table.slice(2 * id, 2 * id + 2)),
  },
  {
    method: 'embedding',
    title: 'of one id, and of a tensor of ids',
    shapes: [[4, 2]],
    apply: (table) => table.embedding(2).add(table.embedding(tensor([1, 0]))),
    exact: (table) => [1, 0].flatMap((id) => [0, 1].map((column) => table[2 * id + column] + table[4 + column])),
  },
  ...(['softmax', 'logSoftmax'] as const).flatMap((method) =>
    byRule(method, [
      { title: 'of rows', shapes: [[3, 5]], to: [3, 5], attrs: { axis: -1 }, apply: (x) => x[method]() },
      { title: 'of columns', shapes: [[3, 5]], to: [3, 5], attrs: { axis: 0 }, apply: (x) => x[method](0) },
    ]),
  ),
  ...byRule(
    'batchedMatmul',
    [
      {
        title: 'matrix by matrix',
        shapes: [
          [2, 3, 2],
          [2, 2, 4],
        ],
        to: [2, 3, 4],
        attrs: { transposeA: false, transposeB: false },
        apply: (a, b) => a.matmul(b),
      },
      {
        title: 'of a matrix and several',
        shapes: [
          [3, 2],
          [2, 2, 2],
        ],
        to: [2, 3, 2],
        attrs: { transposeA: false, transposeB: false },
        apply: (a, b) => a.matmul(b),
      },
    ],
    'matmul',
  ),
];
