// Lines of the table of methods whose numbers are those of the op table's float64 rules, told what the method leaves unsaid.
import { type Tensor, tensor } from '#src/index.js';
import { ACTIVATION_FUNCTIONS } from '../graph/cases/activation-cases.ts';
import { BATCHED_MATMUL_RULES } from '../graph/cases/batched-matmul-cases.ts';
import { CONV_RULES } from '../graph/cases/conv-float64.ts';
import { EXTREME_RULES } from '../graph/cases/extreme-cases.ts';
import { NORMALIZATION_RULES } from '../graph/cases/normalization.ts';
import { SHAPE_RULES } from '../graph/cases/shape-cases.ts';
import { SOFTMAX_RULES } from '../graph/cases/softmax-cases.ts';
import type { Rule } from '../graph/float64.ts';
import type { MethodCase } from './method-cases.ts';

const RULES: Record<string, Rule> = {
  ...BATCHED_MATMUL_RULES,
  ...(CONV_RULES as Record<string, Rule>),
  ...EXTREME_RULES,
  ...NORMALIZATION_RULES,
  ...SHAPE_RULES,
  ...SOFTMAX_RULES,
};

interface Line {
  title: string;
  shapes: number[][];
  /** The result's shape. */
  to: number[];
  /** What the op has to be told for this call, defaults included. */
  attrs: object;
  range?: [number, number];
  apply(...inputs: Tensor[]): Tensor;
}

/** A rule's name is the op's; the method's is another where given. */
const byRule = (rule: string, lines: Line[], method = rule): MethodCase[] =>
  lines.map(({ title, shapes, to, attrs, range, apply }) => {
    const node = (shape: number[], settings = {}) => ({ shape, isBatched: false, attrs: settings }) as never;
    const types = shapes.map((shape) => node(shape));
    const exact = (...inputs: number[][]): number[] => Array.from(RULES[rule](node(to, attrs), inputs, types, 1));
    return { method, title, shapes, range, apply, exact };
  });

/** Of tensors on both sides of the kinks, but not close to them. */
const activation = (
  method: string,
  title: string,
  apply: (x: Tensor) => Tensor,
  { attrs = {}, ranges = [[-2, 2]] }: { attrs?: object; ranges?: [number, number][] } = {},
): MethodCase[] =>
  ranges.map((range) => {
    const exact = (x: number[]): number[] => x.map((value) => ACTIVATION_FUNCTIONS[method](value, attrs as never));
    return { method, title: `${title} in [${range}]`, shapes: [[3, 5]], range, apply, exact };
  });

const BOTH_SIDES: [number, number][] = [
  [0.1, 2],
  [-2, -0.1],
];
const THREE_PIECES: [number, number][] = [
  [-4, -3.1],
  [-2.9, 2.9],
  [3.1, 4],
];

const ACTIVATION_LINES: MethodCase[] = [
  ...activation('erf', '', (x) => x.erf()),
  ...activation('gelu', 'exactly', (x) => x.gelu(), { attrs: { approximate: 'none' } }),
  ...activation('gelu', 'by tanh', (x) => x.gelu({ approximate: 'tanh' }), { attrs: { approximate: 'tanh' } }),
  ...activation('silu', '', (x) => x.silu()),
  ...activation('mish', '', (x) => x.mish()),
  ...activation('softplus', '', (x) => x.softplus()),
  ...activation('softsign', '', (x) => x.softsign(), { ranges: BOTH_SIDES }),
  ...activation('abs', '', (x) => x.abs(), { ranges: BOTH_SIDES }),
  ...activation('leakyRelu', 'of 0.01', (x) => x.leakyRelu(), { ranges: BOTH_SIDES }),
  ...activation('leakyRelu', 'of 0.3', (x) => x.leakyRelu(0.3), { attrs: { slope: 0.3 }, ranges: BOTH_SIDES }),
  ...activation('elu', 'of 1', (x) => x.elu(), { ranges: BOTH_SIDES }),
  ...activation('elu', 'of 0.7', (x) => x.elu(0.7), { attrs: { alpha: 0.7 }, ranges: BOTH_SIDES }),
  ...activation('selu', '', (x) => x.selu(), { ranges: BOTH_SIDES }),
  ...activation('hardswish', '', (x) => x.hardswish(), { ranges: THREE_PIECES }),
  ...activation('hardsigmoid', '', (x) => x.hardsigmoid(), { ranges: THREE_PIECES }),
  ...activation('reciprocal', '', (x) => x.reciprocal(), { ranges: [[0.5, 2]] }),
  ...activation('clamp', 'from below', (x) => x.clamp(0), { attrs: { min: 0 }, ranges: BOTH_SIDES }),
  ...activation('clamp', 'from above', (x) => x.clamp(undefined, 0), { attrs: { max: 0 }, ranges: BOTH_SIDES }),
  ...activation('clamp', 'on both sides', (x) => x.clamp(-3, 3), {
    attrs: { min: -3, max: 3 },
    ranges: THREE_PIECES,
  }),
  ...activation('pow', 'to 1.7', (x) => x.pow(1.7), { attrs: { exponent: 1.7 }, ranges: [[0.3, 2]] }),
  ...activation('pow', 'to -0.3', (x) => x.pow(-0.3), { attrs: { exponent: -0.3 }, ranges: [[0.3, 2]] }),
];

type Comparison = 'less' | 'lessEqual' | 'greater' | 'greaterEqual' | 'equal' | 'notEqual';
const comparison = (method: Comparison, f: (a: number, b: number) => boolean): MethodCase[] => [
  {
    method,
    title: 'of a column and a row, times both',
    shapes: [[3, 1], [4]],
    apply: (a, b) => a[method](b).mul(a.add(b)),
    exact: (a, b) => a.flatMap((x) => b.map((y) => (f(x, y) ? x + y : 0))),
  },
  {
    method,
    title: 'of a tensor and a number that it has, and itself',
    shapes: [[4]],
    apply: (a) =>
      a
        .mul(0)
        .add(tensor([1, 2, 3, 2]))
        [method](2)
        .mul(a)
        .add(a[method](a)),
    exact: (a) => a.map((x, i) => (f([1, 2, 3, 2][i], 2) ? x : 0) + (f(x, x) ? 1 : 0)),
  },
];

const ELEMENT_LINES: MethodCase[] = [
  ...(['maximum', 'minimum'] as const).flatMap((method): MethodCase[] => {
    const f = method === 'maximum' ? Math.max : Math.min;
    return [
      {
        method,
        title: 'of a column and a row',
        shapes: [[3, 1], [4]],
        apply: (a, b) => a[method](b),
        exact: (a, b) => a.flatMap((x) => b.map((y) => f(x, y))),
      },
      {
        method,
        title: 'of a tensor and a number',
        shapes: [[7]],
        range: [0.1, 2],
        apply: (a) => a[method](0).add(a),
        exact: (a) => a.map((x) => f(x, 0) + x),
      },
    ];
  }),
  ...comparison('less', (a, b) => a < b),
  ...comparison('lessEqual', (a, b) => a <= b),
  ...comparison('greater', (a, b) => a > b),
  ...comparison('greaterEqual', (a, b) => a >= b),
  ...comparison('equal', (a, b) => a === b),
  ...comparison('notEqual', (a, b) => a !== b),
  {
    method: 'where',
    title: 'by a row, of a matrix and a column',
    shapes: [
      [2, 3],
      [2, 1],
    ],
    apply: (x, other) => x.where(tensor([1, 0, -2]), other),
    exact: (x, other) => x.map((value, i) => (i % 3 === 1 ? other[Math.floor(i / 3)] : value)),
  },
  {
    method: 'where',
    title: 'by a comparison, else a number',
    shapes: [[5]],
    apply: (x) => x.where(x.greater(0.3), 4).add(x),
    exact: (x) => x.map((value) => (value > 0.3 ? value : 4) + value),
  },
];

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

const SHAPE_LINES: MethodCase[] = [
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

const PLAIN = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

const IMAGE_LINES: MethodCase[] = [
  ...byRule('conv2d', [
    {
      title: 'with nothing said',
      shapes: [
        [1, 3, 4],
        [2, 1, 2, 2],
      ],
      to: [2, 2, 3],
      attrs: PLAIN,
      apply: (x, weight) => x.conv2d(weight),
    },
    {
      title: 'with a bias, numbers and pairs',
      shapes: [[2, 2, 4, 4], [2, 1, 2, 2], [2]],
      to: [2, 2, 2, 4],
      attrs: { stride: [2, 2], padding: [0, 2], dilation: [1, 1], groups: 2 },
      apply: (x, weight, bias) => x.conv2d(weight, bias, { stride: 2, padding: [0, 2], groups: 2 }),
    },
    {
      title: 'dilated, without bias',
      shapes: [
        [1, 4, 3],
        [1, 1, 2, 2],
      ],
      to: [1, 2, 1],
      attrs: { ...PLAIN, dilation: [2, 2] },
      apply: (x, weight) => x.conv2d(weight, null, { dilation: 2 }),
    },
  ]),
  ...byRule('convTranspose2d', [
    {
      title: 'with nothing said',
      shapes: [
        [1, 2, 2],
        [1, 2, 2, 2],
      ],
      to: [2, 3, 3],
      attrs: PLAIN,
      apply: (x, weight) => x.convTranspose2d(weight),
    },
    {
      title: 'with a bias and all options',
      shapes: [[2, 2, 3], [2, 1, 2, 2], [2]],
      to: [2, 4, 5],
      attrs: { stride: [2, 2], padding: [1, 1], dilation: [2, 1], groups: 2 },
      apply: (x, weight, bias) =>
        x.convTranspose2d(weight, bias, {
          stride: 2,
          padding: 1,
          dilation: [2, 1],
          groups: 2,
          outputPadding: [1, 1],
        }),
    },
  ]),
  ...byRule('maxPool2d', [
    {
      title: 'stride = kernel',
      shapes: [[1, 4, 6]],
      to: [1, 2, 2],
      attrs: { kernel: [2, 3], stride: [2, 3], padding: [0, 0] },
      apply: (x) => x.maxPool2d([2, 3]),
    },
    {
      title: 'with options',
      shapes: [[1, 3, 6]],
      to: [1, 4, 4],
      attrs: { kernel: [2, 2], stride: [1, 2], padding: [1, 1] },
      apply: (x) => x.maxPool2d(2, { stride: [1, 2], padding: 1 }),
    },
  ]),
  ...byRule('avgPool2d', [
    {
      title: 'stride = kernel',
      shapes: [[1, 4, 6]],
      to: [1, 2, 3],
      attrs: { kernel: [2, 2], stride: [2, 2], padding: [0, 0], countIncludePad: true },
      apply: (x) => x.avgPool2d(2),
    },
    ...[true, false].map((countIncludePad) => ({
      title: `padded, countIncludePad ${countIncludePad}`,
      shapes: [[1, 4, 4]],
      to: [1, 3, 3],
      attrs: { kernel: [2, 2], stride: [2, 2], padding: [1, 1], countIncludePad },
      apply: (x: Tensor) =>
        countIncludePad ? x.avgPool2d(2, { padding: 1 }) : x.avgPool2d(2, { padding: 1, countIncludePad }),
    })),
  ]),
  ...byRule('globalAvgPool', [
    { title: 'of (2,3,2,2)', shapes: [[2, 3, 2, 2]], to: [2, 3], attrs: {}, apply: (x) => x.globalAvgPool() },
  ]),
  ...byRule('globalMaxPool', [
    { title: 'of (2,3,2,2)', shapes: [[2, 3, 2, 2]], to: [2, 3], attrs: {}, apply: (x) => x.globalMaxPool() },
  ]),
  ...byRule('upsample', [
    {
      title: 'nearest',
      shapes: [[1, 2, 3]],
      to: [1, 4, 6],
      attrs: { scale: [2, 2], mode: 'nearest' },
      apply: (x) => x.upsample(2),
    },
    {
      title: 'bilinear',
      shapes: [[1, 2, 3]],
      to: [1, 2, 9],
      attrs: { scale: [1, 3], mode: 'bilinear' },
      apply: (x) => x.upsample([1, 3], { mode: 'bilinear' }),
    },
  ]),
];

const NORM_LINES: MethodCase[] = [
  ...byRule('layerNorm', [
    { title: 'alone', shapes: [[2, 5]], to: [2, 5], attrs: { axes: 1, eps: 1e-5 }, apply: (x) => x.layerNorm() },
    {
      title: 'with weight and bias of two axes',
      shapes: [
        [2, 2, 3],
        [2, 3],
        [2, 3],
      ],
      to: [2, 2, 3],
      attrs: { axes: 2, eps: 1e-5 },
      apply: (x, weight, bias) => x.layerNorm(weight, bias),
    },
    {
      title: 'of two axes, a large eps',
      shapes: [[2, 2, 3]],
      to: [2, 2, 3],
      attrs: { axes: 2, eps: 0.5 },
      apply: (x) => x.layerNorm(null, null, { axes: 2, eps: 0.5 }),
    },
  ]),
  ...byRule('rmsNorm', [
    { title: 'alone', shapes: [[2, 5]], to: [2, 5], attrs: { axes: 1, eps: 1e-5 }, apply: (x) => x.rmsNorm() },
    {
      title: 'with weight, a large eps',
      shapes: [[3, 4], [4]],
      to: [3, 4],
      attrs: { axes: 1, eps: 0.5 },
      apply: (x, weight) => x.rmsNorm(weight, { eps: 0.5 }),
    },
  ]),
  ...byRule('groupNorm', [
    {
      title: 'with weight and bias',
      shapes: [[2, 4, 3], [4], [4]],
      to: [2, 4, 3],
      attrs: { groups: 2, eps: 1e-5 },
      apply: (x, weight, bias) => x.groupNorm(2, weight, bias),
    },
    {
      title: 'with weight, a large eps',
      shapes: [[2, 4, 2], [4]],
      to: [2, 4, 2],
      attrs: { groups: 1, eps: 0.5 },
      apply: (x, weight) => x.groupNorm(1, weight, undefined, { eps: 0.5 }),
    },
  ]),
  ...byRule('selfAttention', [
    {
      title: 'of two heads',
      shapes: [[3, 12]],
      to: [3, 4],
      attrs: { heads: 2, causal: false },
      apply: (x) => x.selfAttention(2),
    },
    {
      title: 'causal',
      shapes: [[2, 3, 6]],
      to: [2, 3, 2],
      attrs: { heads: 1, causal: true },
      apply: (x) => x.selfAttention(1, { causal: true }),
    },
  ]),
];

export const OP_METHOD_CASES: MethodCase[] = [
  ...ACTIVATION_LINES,
  ...ELEMENT_LINES,
  ...SHAPE_LINES,
  ...IMAGE_LINES,
  ...NORM_LINES,
];
