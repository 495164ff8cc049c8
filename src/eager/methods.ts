// The table of a tensor's methods: name → op and settings. A new op becomes a method by one line here. The caller's thread.
import type { NoAttrs } from '../graph/elementwise.ts';
import type { Op } from '../graph/op.ts';
import { abs } from '../graph/ops/abs.ts';
import { add } from '../graph/ops/add.ts';
import { broadcastTo } from '../graph/ops/broadcast-to.ts';
import { dense } from '../graph/ops/dense.ts';
import { div } from '../graph/ops/div.ts';
import { elu } from '../graph/ops/elu.ts';
import { equal } from '../graph/ops/equal.ts';
import { erf } from '../graph/ops/erf.ts';
import { exp } from '../graph/ops/exp.ts';
import { type GeluAttrs, gelu } from '../graph/ops/gelu.ts';
import { globalAvgPool } from '../graph/ops/global-avg-pool.ts';
import { globalMaxPool } from '../graph/ops/global-max-pool.ts';
import { greater } from '../graph/ops/greater.ts';
import { greaterEqual } from '../graph/ops/greater-equal.ts';
import { hardsigmoid } from '../graph/ops/hardsigmoid.ts';
import { hardswish } from '../graph/ops/hardswish.ts';
import { leakyRelu } from '../graph/ops/leaky-relu.ts';
import { less } from '../graph/ops/less.ts';
import { lessEqual } from '../graph/ops/less-equal.ts';
import { log } from '../graph/ops/log.ts';
import { logSoftmax } from '../graph/ops/log-softmax.ts';
import { max } from '../graph/ops/max.ts';
import { maximum } from '../graph/ops/maximum.ts';
import { mean } from '../graph/ops/mean.ts';
import { min } from '../graph/ops/min.ts';
import { minimum } from '../graph/ops/minimum.ts';
import { mish } from '../graph/ops/mish.ts';
import { mul } from '../graph/ops/mul.ts';
import { negate } from '../graph/ops/negate.ts';
import { notEqual } from '../graph/ops/not-equal.ts';
import { pow } from '../graph/ops/pow.ts';
import { reciprocal } from '../graph/ops/reciprocal.ts';
import { relu } from '../graph/ops/relu.ts';
import { selfAttention } from '../graph/ops/self-attention.ts';
import { selu } from '../graph/ops/selu.ts';
import { sigmoid } from '../graph/ops/sigmoid.ts';
import { silu } from '../graph/ops/silu.ts';
import { softmax } from '../graph/ops/softmax.ts';
import { softplus } from '../graph/ops/softplus.ts';
import { softsign } from '../graph/ops/softsign.ts';
import { sqrt } from '../graph/ops/sqrt.ts';
import { square } from '../graph/ops/square.ts';
import { sub } from '../graph/ops/sub.ts';
import { type SumAttrs, sum } from '../graph/ops/sum.ts';
import { tanh } from '../graph/ops/tanh.ts';
import { transpose } from '../graph/ops/transpose.ts';
import { where } from '../graph/ops/where.ts';
import { applyOp, type Expression } from './expression.ts';
import { convolve, convolveTransposed, enlarge, poolMaxima, poolMeans } from './image-methods.ts';
import {
  type Axes,
  axesOf,
  fillOptions,
  type Operand,
  operandOf,
  optionalTensor,
  requireFinite,
  requireNumbers,
  requireShape,
  requireTensor,
} from './method-options.ts';
import { bound, cut, type Ids, lookUp, multiplyMatrices, pick, reshapeTo, surround } from './method-rules.ts';
import { normalizeGroups, normalizeRows, scaleRows } from './normalization-methods.ts';

/** What a reduction may be told. */
export interface ReduceOptions {
  /** Leaves the reduced axes with length 1, so that the result broadcasts to what it was made of: false. */
  readonly keepDims?: boolean;
}

/** What GELU may be told. */
export type GeluOptions = Partial<GeluAttrs>;

/** What self-attention may be told. */
export interface SelfAttentionOptions {
  /** Whether a token sees only itself and those before it: false. */
  readonly causal?: boolean;
}

/**
 * Every method, as a function of expressions; `Tensor` has them with tensors in their place. Shapes broadcast by numpy's rule where
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
  /** this to the power of a number, element by element; NaN where this is below 0 and the number not whole. */
  pow: (x: Expression, exponent: number): Expression =>
    applyOp(pow, [x], { exponent: requireFinite(exponent, 'the exponent', 'pow') }),
  /** The larger of this and other, element by element; NaN where one is. Shapes broadcast. */
  maximum: binary(maximum),
  /** The smaller of this and other, element by element; NaN where one is. Shapes broadcast. */
  minimum: binary(minimum),
  /** 1 where this < other, else 0. Shapes broadcast. No gradient passes through comparisons. */
  less: binary(less),
  /** 1 where this ≤ other, else 0. */
  lessEqual: binary(lessEqual),
  /** 1 where this > other, else 0. */
  greater: binary(greater),
  /** 1 where this ≥ other, else 0. */
  greaterEqual: binary(greaterEqual),
  /** 1 where this = other, else 0. */
  equal: binary(equal),
  /** 1 where this ≠ other, else 0. */
  notEqual: binary(notEqual),
  /** this where the condition is not 0, else other, as PyTorch's `x.where(condition, other)`. Shapes broadcast. */
  where: (x: Expression, condition: Operand, other: Operand): Expression =>
    applyOp(where, [operandOf(condition, 'where'), x, operandOf(other, 'where')], {}),
  /** Brought between two bounds, one of which may be left out: `clamp(0)`, `clamp(undefined, 1)`. */
  clamp: (x: Expression, min?: number | null, max?: number | null): Expression => bound(x, min, max),
  /** -this. */
  neg: unary(negate),
  /** |this|. */
  abs: unary(abs),
  /** 1 / this. */
  reciprocal: unary(reciprocal),
  /** this². */
  square: unary(square),
  /** √this. */
  sqrt: unary(sqrt),
  /** e^this. */
  exp: unary(exp),
  /** ln this. */
  log: unary(log),
  /** The error function of this. */
  erf: unary(erf),
  /** tanh this. */
  tanh: unary(tanh),
  /** 1 / (1 + e^-this). */
  sigmoid: unary(sigmoid),
  /** max(this, 0). */
  relu: unary(relu),
  /** this above 0, slope · this below. */
  leakyRelu: (x: Expression, slope = 0.01): Expression =>
    applyOp(leakyRelu, [x], { slope: requireFinite(slope, 'the slope', 'leakyRelu') }),
  /** this above 0, alpha (e^this - 1) below. */
  elu: (x: Expression, alpha = 1): Expression => applyOp(elu, [x], { alpha: requireFinite(alpha, 'alpha', 'elu') }),
  /** The ELU that keeps mean 0 and variance 1. */
  selu: unary(selu),
  /** this · Φ(this), Φ the normal distribution; with `{ approximate: 'tanh' }` by tanh. */
  gelu: (x: Expression, options?: GeluOptions): Expression =>
    applyOp(gelu, [x], fillOptions(options, { approximate: 'none' }, 'gelu')),
  /** this · sigmoid(this). */
  silu: unary(silu),
  /** this · tanh(softplus(this)). */
  mish: unary(mish),
  /** ln(1 + e^this). */
  softplus: unary(softplus),
  /** this / (1 + |this|). */
  softsign: unary(softsign),
  /** this · hardsigmoid(this). */
  hardswish: unary(hardswish),
  /** min(max(this + 3, 0), 6) / 6. */
  hardsigmoid: unary(hardsigmoid),
  /** e^this / Σ e^this along an axis. */
  softmax: (x: Expression, axis = -1): Expression => applyOp(softmax, [x], { axis }),
  /** ln softmax along an axis, without overflow. */
  logSoftmax: (x: Expression, axis = -1): Expression => applyOp(logSoftmax, [x], { axis }),
  /** The matrix product: (…,k) with (k,n) gives (…,n), with (k) gives (…); (…,m,k) with (…,k,n) of three axes or more gives (…,m,n). */
  matmul: (x: Expression, other: Expression): Expression => multiplyMatrices(x, other),
  /** this · weightᵀ + bias, as PyTorch's `linear`: (…,in), weight (out,in), bias (out) → (…,out). */
  dense: (x: Expression, weight: Expression, bias?: Expression | null): Expression =>
    applyOp(dense, [x, requireTensor(weight, 'dense'), ...optionalTensor(bias, 'dense')], { activation: 'none' }),
  /** The sum over axes, over all where none are given. */
  sum: reduction(sum),
  /** The mean over axes, over all where none are given. */
  mean: reduction(mean),
  /** The largest over axes, over all where none are given; the gradient goes to the first of equals. Of nothing it is -∞. */
  max: reduction(max),
  /** The smallest over axes, over all where none are given; the gradient goes to the first of equals. Of nothing it is ∞. */
  min: reduction(min),
  /** The same numbers in another shape; one length may be -1 and is then what is left. */
  reshape: (x: Expression, shape: readonly number[]): Expression => reshapeTo(x, shape),
  /** Repeated to a larger shape by numpy's rule. */
  broadcastTo: (x: Expression, shape: readonly number[]): Expression =>
    applyOp(broadcastTo, [x], { shape: requireShape(shape, 'broadcastTo'), isBatched: false }),
  /** The axes in another order, each named once; reversed where nothing is said. */
  transpose: (x: Expression, axes?: readonly number[]): Expression =>
    applyOp(transpose, [x], { axes: axes === undefined ? reversedAxes(x) : requireNumbers(axes, 'axes', 'transpose') }),
  /** Python's `this[start:end:step, …]`: one start, end and step for each axis, plain numbers for a single axis. */
  slice: (x: Expression, starts: Axes, ends: Axes, steps?: Axes): Expression => cut(x, starts, ends, steps),
  /** A value put around it: for each axis how often before and behind. */
  pad: (x: Expression, pads: readonly (readonly [before: number, after: number])[], value = 0): Expression =>
    surround(x, pads, value),
  /** Entries of the first axis, by indices in any order and number, negative ones from the end. */
  gather: (x: Expression, indices: Ids): Expression => pick(x, indices),
  /** this as a table (V,D) whose rows are looked up: ids (…) → (…,D). */
  embedding: (x: Expression, ids: Ids): Expression => lookUp(x, ids),
  /** (…,C,H,W), weight (O,C/groups,KH,KW), bias (O) → (…,O,OH,OW); options stride, padding, dilation, groups as PyTorch's. */
  conv2d: convolve,
  /** (…,C,H,W), weight (C,O/groups,KH,KW), bias (O) → (…,O,OH,OW); the options of conv2d and outputPadding. */
  convTranspose2d: convolveTransposed,
  /** The largest of each window of (…,C,H,W); options stride (the kernel) and padding. */
  maxPool2d: poolMaxima,
  /** The mean of each window of (…,C,H,W); options stride (the kernel), padding and countIncludePad. */
  avgPool2d: poolMeans,
  /** The mean of each channel: (…,C,H,W) → (…,C). */
  globalAvgPool: unary(globalAvgPool),
  /** The largest of each channel: (…,C,H,W) → (…,C). */
  globalMaxPool: unary(globalMaxPool),
  /** Enlarged by whole numbers: (…,C,H,W) → (…,C,H·scale,W·scale); option mode, 'nearest' or 'bilinear'. */
  upsample: enlarge,
  /** Rows of mean 0 and variance 1, times weight plus bias, each of which may be left out; options axes and eps. */
  layerNorm: normalizeRows,
  /** Rows divided by their root mean square, times weight; options axes and eps. */
  rmsNorm: scaleRows,
  /** (N,C,…): groups of a sample's channels to mean 0 and variance 1, times weight (C) plus bias (C); option eps. */
  groupNorm: normalizeGroups,
  /** Queries, keys and values next to each other (…,tokens,3·D) → (…,tokens,D): what each token gathers, head by head. */
  selfAttention: (x: Expression, heads: number, options?: SelfAttentionOptions): Expression =>
    applyOp(selfAttention, [x], { heads, ...fillOptions(options, { causal: false }, 'selfAttention') }),
} as const;

function unary(op: Op<NoAttrs>): (x: Expression) => Expression {
  return (x) => applyOp(op, [x], {});
}

function binary(op: Op<NoAttrs>): (x: Expression, other: Operand) => Expression {
  return (x, other) => applyOp(op, [x, operandOf(other, op.name)], {});
}

function reduction(op: Op<SumAttrs>): (x: Expression, axes?: Axes | null, options?: ReduceOptions) => Expression {
  return (x, axes, options) => {
    const { keepDims } = fillOptions(options, { keepDims: false }, op.name);
    return applyOp(op, [x], { axes: axesOf(x, axes, op.name), keepDims });
  };
}

function reversedAxes({ shape }: Expression): number[] {
  return shape.map((_, axis) => shape.length - 1 - axis);
}
