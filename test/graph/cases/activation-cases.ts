// Activations and functions of one element: graphs for the op table, float64 rules, and PyTorch's cases.
import type { GraphNode, Op } from '#src/graph/op.js';
import { abs } from '#src/graph/ops/abs.js';
import { add } from '#src/graph/ops/add.js';
import { clamp } from '#src/graph/ops/clamp.js';
import { elu } from '#src/graph/ops/elu.js';
import { erf } from '#src/graph/ops/erf.js';
import { gelu } from '#src/graph/ops/gelu.js';
import { hardsigmoid } from '#src/graph/ops/hardsigmoid.js';
import { hardswish } from '#src/graph/ops/hardswish.js';
import { leakyRelu } from '#src/graph/ops/leaky-relu.js';
import { mish } from '#src/graph/ops/mish.js';
import { pow } from '#src/graph/ops/pow.js';
import { reciprocal } from '#src/graph/ops/reciprocal.js';
import { selu } from '#src/graph/ops/selu.js';
import { silu } from '#src/graph/ops/silu.js';
import { softplus } from '#src/graph/ops/softplus.js';
import { softsign } from '#src/graph/ops/softsign.js';
import { erf64 } from '../../kernels/erf64.ts';
import type { OpCase } from '../op-cases.ts';

type AnyOp = Op<never>;
const FUNCTIONS: [op: AnyOp, attrs: object, range?: [number, number]][] = [
  [erf, {}],
  [gelu, { approximate: 'none' }],
  [gelu, { approximate: 'tanh' }],
  [silu, {}],
  [softplus, {}],
  [softsign, {}],
  [leakyRelu, {}],
  [leakyRelu, { slope: 0.3 }],
  [elu, {}],
  [elu, { alpha: 0.7 }],
  [selu, {}],
  [hardswish, {}, [-8, 8]],
  [hardsigmoid, {}, [-8, 8]],
  [mish, {}],
  [abs, {}],
  [clamp, { min: -0.5, max: 0.7 }],
  [clamp, { min: 0.1 }],
  [clamp, { max: 0.1 }],
  [reciprocal, {}, [0.4, 2]],
  [pow, { exponent: 3 }],
  [pow, { exponent: 0 }],
  [pow, { exponent: -2 }, [0.4, 2]],
  [pow, { exponent: 1.7 }, [0.2, 2]],
];

/** Each of a parameter, and of a batch whose input is read again. */
export const ACTIVATION_CASES: OpCase[] = FUNCTIONS.flatMap(([op, attrs, range]) => {
  const what = Object.entries(attrs).map(([key, value]) => `${key} ${value}`);
  const apply = op as unknown as Op;
  return [
    {
      op: apply.name,
      title: ['of a parameter', ...what].join(', '),
      range,
      build: (s) => s.apply(add, [s.apply(apply, [s.parameter(3, 5)], { ...attrs }), s.parameter(3, 5)], {}),
    },
    {
      op: apply.name,
      title: ['of a batch', ...what].join(', '),
      range,
      build: (s) => {
        const x = s.batch(2, 2);
        return s.apply(add, [s.apply(apply, [x], { ...attrs }), x], {});
      },
    },
  ] satisfies OpCase[];
});

type Attrs = Readonly<Record<string, unknown>>;
const between = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** One element in float64. */
export const ACTIVATION_FUNCTIONS: Record<string, (x: number, attrs: Attrs) => number> = {
  erf: erf64,
  gelu: (x, { approximate }) =>
    approximate === 'tanh'
      ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      : 0.5 * x * (1 + erf64(x / Math.SQRT2)),
  silu: (x) => x * logistic(x),
  softplus: (x) => Math.log1p(Math.exp(x)),
  softsign: (x) => x / (1 + Math.abs(x)),
  leakyRelu: (x, { slope = 0.01 }) => (x > 0 ? x : x * (slope as number)),
  elu: (x, { alpha = 1 }) => (x > 0 ? x : (alpha as number) * Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  hardswish: (x) => (x * between(x + 3, 0, 6)) / 6,
  hardsigmoid: (x) => between(x + 3, 0, 6) / 6,
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  abs: Math.abs,
  clamp: (x, { min = -Infinity, max = Infinity }) => between(x, min as number, max as number),
  reciprocal: (x) => 1 / x,
  pow: (x, { exponent }) => x ** (exponent as number),
};

type Apply = (op: AnyOp, inputs: GraphNode[], attrs: object) => GraphNode;
const of = (op: AnyOp, attrs: object = {}) => ({
  inputs: ['x'],
  build: (inputs: GraphNode[], apply: Apply) => apply(op, inputs, attrs),
});

/** PyTorch's cases of these ops. */
export const ACTIVATION_FIXTURES = {
  gelu_erf: of(gelu, { approximate: 'none' }),
  gelu_tanh: of(gelu, { approximate: 'tanh' }),
  silu: of(silu),
  softplus: of(softplus),
  leaky_relu: of(leakyRelu, { slope: 0.1 }),
  elu: of(elu),
  hardswish: of(hardswish),
  mish: of(mish),
  abs: of(abs),
  where_clamp: of(clamp, { min: -0.5, max: 0.7 }),
};
