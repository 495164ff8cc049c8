// Lines of the table of methods: activations and what meets element by element; and those of the other files together.
import { type Tensor, tensor } from '#src/index.js';
import { ACTIVATION_FUNCTIONS } from '../graph/cases/activation-cases.ts';
import { IMAGE_METHOD_CASES, NORM_METHOD_CASES } from './image-method-cases.ts';
import type { MethodCase } from './method-cases.ts';
import { SHAPE_METHOD_CASES } from './shape-method-cases.ts';

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

export const OP_METHOD_CASES: MethodCase[] = [
  ...ACTIVATION_LINES,
  ...ELEMENT_LINES,
  ...SHAPE_METHOD_CASES,
  ...IMAGE_METHOD_CASES,
  ...NORM_METHOD_CASES,
];
