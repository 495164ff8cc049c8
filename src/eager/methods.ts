// The table of a tensor's methods: name → op and settings. A new op becomes a method by one line here. The caller's thread.
import type { NoAttrs } from '../graph/elementwise.ts';
import { ModelError } from '../graph/model-error.ts';
import type { Op } from '../graph/op.ts';
import { abs } from '../graph/ops/abs.ts';
import { add } from '../graph/ops/add.ts';
import { broadcastTo } from '../graph/ops/broadcast-to.ts';
import { concat } from '../graph/ops/concat.ts';
import { dense } from '../graph/ops/dense.ts';
import { div } from '../graph/ops/div.ts';
import { exp } from '../graph/ops/exp.ts';
import { gelu } from '../graph/ops/gelu.ts';
import { log } from '../graph/ops/log.ts';
import { logSoftmax } from '../graph/ops/log-softmax.ts';
import { mean } from '../graph/ops/mean.ts';
import { mul } from '../graph/ops/mul.ts';
import { negate } from '../graph/ops/negate.ts';
import { pow } from '../graph/ops/pow.ts';
import { relu } from '../graph/ops/relu.ts';
import { sigmoid } from '../graph/ops/sigmoid.ts';
import { silu } from '../graph/ops/silu.ts';
import { softmax } from '../graph/ops/softmax.ts';
import { softplus } from '../graph/ops/softplus.ts';
import { sqrt } from '../graph/ops/sqrt.ts';
import { square } from '../graph/ops/square.ts';
import { sub } from '../graph/ops/sub.ts';
import { type SumAttrs, sum } from '../graph/ops/sum.ts';
import { tanh } from '../graph/ops/tanh.ts';
import { applyOp, type Expression, scalar } from './expression.ts';
import { multiplyMatrices, reshapeTo, sliceAxis, transposeAxes } from './method-rules.ts';

/** One axis or several, negative ones from the end; all where nothing is said. */
export type Axes = number | readonly number[];

/** What a reduction may be told. */
export interface ReduceOptions {
  /** Leaves the reduced axes with length 1, so that the result broadcasts to what it was made of. */
  readonly keepDims?: boolean;
}

/** Which GELU. */
export interface GeluOptions {
  readonly approximate?: 'none' | 'tanh';
}

/** Another tensor, or a number, which is rounded to float32 and broadcasts to any shape. */
type Operand = Expression | number;

/**
 * Every method, as a function of expressions; `Tensor` has them with tensors in their place. Shapes broadcast by numpy's rule where two
 * tensors meet element by element. All throw `ModelError`, `<op>: expected …, got …`, where shapes do not fit.
 */
export const METHODS = {
  /** this + other, element by element. Shapes broadcast. */
  add: binary(add),
  /** this - other, element by element. Shapes broadcast. */
  sub: binary(sub),
  /** this · other, element by element. Shapes broadcast. */
  mul: binary(mul),
  /** this / other, element by element. Shapes broadcast. */
  div: binary(div),
  /** this to the power of one number; NaN below 0 unless that is whole. */
  pow: (x: Expression, exponent: number): Expression => applyOp(pow, [x], { exponent }),
  /** |this|. */
  abs: unary(abs),
  /** -this. */
  neg: unary(negate),
  /** this². */
  square: unary(square),
  /** √this. */
  sqrt: unary(sqrt),
  /** e^this. */
  exp: unary(exp),
  /** ln this. */
  log: unary(log),
  /** max(this, 0). */
  relu: unary(relu),
  /** tanh this. */
  tanh: unary(tanh),
  /** 1 / (1 + e^-this). */
  sigmoid: unary(sigmoid),
  /** x Φ(x), Φ the distribution function of the normal distribution; with `approximate: 'tanh'` as GPT-2 has it. */
  gelu: (x: Expression, { approximate = 'none' }: GeluOptions = {}): Expression => applyOp(gelu, [x], { approximate }),
  /** x / (1 + e^-x). */
  silu: unary(silu),
  /** ln(1 + e^this). */
  softplus: unary(softplus),
  /** e^this / Σ e^this along an axis, the last one where nothing is said. */
  softmax: (x: Expression, axis = -1): Expression => applyOp(softmax, [x], { axis }),
  /** ln softmax along an axis, the last one where nothing is said. */
  logSoftmax: (x: Expression, axis = -1): Expression => applyOp(logSoftmax, [x], { axis }),
  /** The matrix product: (…,k) with (k,n) gives (…,n), with (k) gives (…). */
  matmul: (x: Expression, other: Expression): Expression => multiplyMatrices(x, other),
  /** this · weightᵀ + bias, as PyTorch's `linear`: (…,in), weight (out,in), bias (out) → (…,out). */
  dense: (x: Expression, weight: Expression, bias?: Expression): Expression =>
    applyOp(dense, bias === undefined ? [x, weight] : [x, weight, bias], { activation: 'none' }),
  /** The sum over axes, over all where none are given. */
  sum: reduction(sum),
  /** The mean over axes, over all where none are given. */
  mean: reduction(mean),
  /** The same numbers in another shape; one length may be -1 and is then what is left. */
  reshape: (x: Expression, shape: readonly number[]): Expression => reshapeTo(x, shape),
  /** Axis i of the result is axis `axes[i]`; without axes the last two are swapped. */
  transpose: (x: Expression, axes?: readonly number[]): Expression => transposeAxes(x, axes),
  /** From `start` to in front of `end` along an axis; negative positions count from its end. */
  slice: (x: Expression, axis: number, start: number, end?: number): Expression => sliceAxis(x, axis, start, end),
  /** This tensor and others behind each other along an axis, the last one where nothing is said. */
  concat: (x: Expression, others: readonly Expression[], axis = -1): Expression =>
    applyOp(concat, [x, ...[others].flat()], { axis }),
  /** Repeated to a larger shape by numpy's rule. */
  broadcastTo: (x: Expression, shape: readonly number[]): Expression =>
    applyOp(broadcastTo, [x], { shape: [...shape], isBatched: false }),
} as const;

function unary(op: Op<NoAttrs>): (x: Expression) => Expression {
  return (x) => applyOp(op, [x], {});
}

function binary(op: Op<NoAttrs>): (x: Expression, other: Operand) => Expression {
  return (x, other) => applyOp(op, [x, asExpression(other, op.name)], {});
}

function reduction(op: Op<SumAttrs>): (x: Expression, axes?: Axes, options?: ReduceOptions) => Expression {
  return (x, axes, { keepDims = false } = {}) => applyOp(op, [x], { axes: axesOf(x, axes), keepDims });
}

function axesOf({ shape }: Expression, axes: Axes | undefined): readonly number[] {
  if (axes === undefined) return shape.map((_, axis) => axis);
  return typeof axes === 'number' ? [axes] : [...axes];
}

function asExpression(value: Operand, where: string): Expression {
  if (typeof value === 'number') return scalar(value);
  // JavaScript may call with anything.
  if (typeof value === 'object' && value !== null && 'values' in value) return value;
  throw new ModelError(`${where}: expected a tensor or a number, got ${typeof value}; make one with tensor(…)`);
}
