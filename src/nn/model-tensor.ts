// The tensors of a custom model: symbols with a shape whose methods add ops to the graph. Coordinator only; while a model is traced.
import { ModelError } from '../graph/model-error.ts';
import type { Attrs, GraphNode, Op } from '../graph/op.ts';
import { abs } from '../graph/ops/abs.ts';
import { add } from '../graph/ops/add.ts';
import { addScalar } from '../graph/ops/add-scalar.ts';
import { batchedMatmul } from '../graph/ops/batched-matmul.ts';
import { concat } from '../graph/ops/concat.ts';
import { div } from '../graph/ops/div.ts';
import { exp } from '../graph/ops/exp.ts';
import { gelu } from '../graph/ops/gelu.ts';
import { log } from '../graph/ops/log.ts';
import { logSoftmax } from '../graph/ops/log-softmax.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { mean } from '../graph/ops/mean.ts';
import { mul } from '../graph/ops/mul.ts';
import { negate } from '../graph/ops/negate.ts';
import { pow } from '../graph/ops/pow.ts';
import { relu } from '../graph/ops/relu.ts';
import { reshape } from '../graph/ops/reshape.ts';
import { scale } from '../graph/ops/scale.ts';
import { sigmoid } from '../graph/ops/sigmoid.ts';
import { silu } from '../graph/ops/silu.ts';
import { slice } from '../graph/ops/slice.ts';
import { softmax } from '../graph/ops/softmax.ts';
import { softplus } from '../graph/ops/softplus.ts';
import { sqrt } from '../graph/ops/sqrt.ts';
import { square } from '../graph/ops/square.ts';
import { sub } from '../graph/ops/sub.ts';
import { sum } from '../graph/ops/sum.ts';
import { tanh } from '../graph/ops/tanh.ts';
import { transpose } from '../graph/ops/transpose.ts';
import { formatType, visibleShape } from '../graph/tensor-type.ts';
import type { Trace } from './trace.ts';

/** How a reduction takes its axes. */
export interface ReductionOptions {
  /** Whether the axes stay, with length 1. */
  readonly keepDims?: boolean;
}

const MODEL = 'model';

/** A tensor without values. Axes are counted as in `shape`: axis 0 of a batch is that of the samples, which no op mixes. */
export class ModelTensor {
  readonly #trace: Trace;
  readonly #node: GraphNode;

  constructor(trace: Trace, node: GraphNode) {
    this.#trace = trace;
    this.#node = node;
  }

  /** The node of a tensor of this trace. @throws ModelError for anything else. */
  static nodeOf(tensor: unknown, trace: Trace, what: string): GraphNode {
    if (tensor instanceof ModelTensor && tensor.#trace === trace) return tensor.#node;
    const got = tensor instanceof ModelTensor ? 'one of another model' : describeValue(tensor);
    throw new ModelError(
      `${MODEL}: expected ${what} to be a tensor of this model, got ${got}; pass x or a result of it`,
    );
  }

  /** The number of samples is not known: -1 stands for it, in front. */
  get shape(): number[] {
    return visibleShape(this.#node);
  }

  /** Numbers or tensors; shapes broadcast as in numpy. */
  add(other: ModelTensor | number): ModelTensor {
    return typeof other === 'number' ? this.#shift('add', other, other) : this.#with(add, other);
  }

  sub(other: ModelTensor | number): ModelTensor {
    return typeof other === 'number' ? this.#shift('sub', other, -other) : this.#with(sub, other);
  }

  mul(other: ModelTensor | number): ModelTensor {
    return typeof other === 'number' ? this.#scale('mul', other, other) : this.#with(mul, other);
  }

  /** By a number: times its reciprocal. */
  div(other: ModelTensor | number): ModelTensor {
    return typeof other === 'number' ? this.#scale('div', other, 1 / other) : this.#with(div, other);
  }

  neg(): ModelTensor {
    return this.#apply(negate, {});
  }

  exp(): ModelTensor {
    return this.#apply(exp, {});
  }

  log(): ModelTensor {
    return this.#apply(log, {});
  }

  sqrt(): ModelTensor {
    return this.#apply(sqrt, {});
  }

  square(): ModelTensor {
    return this.#apply(square, {});
  }

  relu(): ModelTensor {
    return this.#apply(relu, {});
  }

  tanh(): ModelTensor {
    return this.#apply(tanh, {});
  }

  sigmoid(): ModelTensor {
    return this.#apply(sigmoid, {});
  }

  gelu({ approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}): ModelTensor {
    return this.#apply(gelu, { approximate });
  }

  silu(): ModelTensor {
    return this.#apply(silu, {});
  }

  softplus(): ModelTensor {
    return this.#apply(softplus, {});
  }

  abs(): ModelTensor {
    return this.#apply(abs, {});
  }

  pow(exponent: number): ModelTensor {
    return this.#apply(pow, { exponent });
  }

  softmax(axis = -1): ModelTensor {
    return this.#apply(softmax, { axis: this.#innerAxes(axis)[0] });
  }

  logSoftmax(axis = -1): ModelTensor {
    return this.#apply(logSoftmax, { axis: this.#innerAxes(axis)[0] });
  }

  /** (…, m, k) · (…, k, n), axes in front broadcast; with `transposed` the second factor is (…, n, k). */
  matmul(other: ModelTensor, { transposed = false }: { transposed?: boolean } = {}): ModelTensor {
    const node = ModelTensor.nodeOf(other, this.#trace, 'the argument of matmul');
    if (!node.isBatched && node.shape.length === 2) return this.#with(matmul, other, { transposed });
    return this.#with(batchedMatmul, other, { transposeA: false, transposeB: transposed });
  }

  /** Axis i of the result is axis `axes[i]`; the axis of the samples stays in front. Without axes the last two are swapped. */
  transpose(axes?: readonly number[]): ModelTensor {
    const { isBatched } = this.#node;
    const rank = this.shape.length;
    const order = axes ?? this.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
    if (isBatched && order[0] !== 0) this.#refuseSampleAxis(order[0]);
    return this.#apply(transpose, { axes: this.#innerAxes(isBatched ? order.slice(1) : order) });
  }

  /** From `start` to in front of `end` along an axis; negative positions count from its end. */
  slice(axis: number, start: number, end?: number): ModelTensor {
    const { shape } = this.#node;
    const at = this.#innerAxis(axis);
    const starts = shape.map((_, i) => (i === at ? start : 0));
    const ends = shape.map((length, i) => (i === at ? (end ?? length) : length));
    const part = this.#apply(slice, { starts, ends });
    if (!part.shape.includes(0)) return part;
    throw new ModelError(
      `${MODEL}: expected a slice of one position or more of axis ${axis} of ${formatType(this.#node)}, got ${start} to ${ends[at]}; correct them`,
    );
  }

  /** This tensor and others behind each other along an axis. */
  concat(others: ModelTensor | readonly ModelTensor[], axis = -1): ModelTensor {
    const nodes = [others].flat().map((other) => ModelTensor.nodeOf(other, this.#trace, 'what is concatenated'));
    const attrs = { axis: this.#innerAxes(axis)[0] };
    return this.#wrap(this.#trace.graph.apply(concat, [this.#node, ...nodes], attrs, MODEL) as unknown as GraphNode);
  }

  /** The same numbers under another shape; that of a batch begins with -1. */
  reshape(shape: readonly number[]): ModelTensor {
    const inner = this.#node.isBatched ? shape.slice(1) : [...shape];
    const isShape = Array.isArray(shape) && inner.every((length) => Number.isSafeInteger(length) && length > 0);
    if (!isShape || (this.#node.isBatched && shape[0] !== -1)) {
      const expected = this.#node.isBatched ? 'a shape that begins with -1 for the samples' : 'a shape';
      throw new ModelError(
        `${MODEL}: expected ${expected} to reshape ${formatType(this.#node)}, got ${JSON.stringify(shape)}; write it as in [${visibleShape(this.#node).join(', ')}]`,
      );
    }
    return this.#apply(reshape, { shape: inner });
  }

  /** Over all axes but that of the samples where none is named. */
  sum(axes?: number | readonly number[], { keepDims = false }: ReductionOptions = {}): ModelTensor {
    return this.#apply(sum, { axes: this.#innerAxes(axes), keepDims });
  }

  mean(axes?: number | readonly number[], { keepDims = false }: ReductionOptions = {}): ModelTensor {
    return this.#apply(mean, { axes: this.#innerAxes(axes), keepDims });
  }

  #shift(method: string, given: number, alpha: number): ModelTensor {
    return this.#apply(addScalar, { alpha: finite(method, given, alpha) });
  }

  #scale(method: string, given: number, alpha: number): ModelTensor {
    return this.#apply(scale, { alpha: finite(method, given, alpha) });
  }

  #innerAxes(axes: number | readonly number[] | undefined): number[] {
    if (axes === undefined) return this.#node.shape.map((_, axis) => axis);
    return [axes].flat().map((axis) => this.#innerAxis(axis));
  }

  /** Counted without that of the samples, from the start. */
  #innerAxis(axis: number): number {
    const { isBatched } = this.#node;
    const rank = this.shape.length;
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw new ModelError(
        `${MODEL}: expected an axis from ${-rank} to ${rank - 1} of ${formatType(this.#node)}, got ${describeValue(axis)}; name an axis it has`,
      );
    }
    const fromStart = axis < 0 ? axis + rank : axis;
    if (isBatched && fromStart === 0) this.#refuseSampleAxis(axis);
    return isBatched ? fromStart - 1 : fromStart;
  }

  #refuseSampleAxis(axis: number): never {
    throw new ModelError(
      `${MODEL}: expected an axis of one sample of ${formatType(this.#node)}, got ${axis}, that of the samples; name axes from 1 on`,
    );
  }

  #apply<A extends Attrs>(op: Op<A>, attrs: A): ModelTensor {
    return this.#wrap(this.#trace.graph.apply(op, [this.#node], attrs, MODEL) as unknown as GraphNode);
  }

  #with<A extends Attrs>(op: Op<A>, other: ModelTensor, attrs = {} as A): ModelTensor {
    const node = ModelTensor.nodeOf(other, this.#trace, `the argument of ${op.name}`);
    return this.#wrap(this.#trace.graph.apply(op, [this.#node, node], attrs, MODEL) as unknown as GraphNode);
  }

  #wrap(node: GraphNode): ModelTensor {
    return new ModelTensor(this.#trace, node);
  }
}

/** What is written into the plan. @throws ModelError for a number that is none in float32. */
function finite(method: string, given: number, alpha: number): number {
  if (Number.isFinite(Math.fround(alpha))) return alpha;
  throw new ModelError(
    `${MODEL}: expected a number that ${method} can take in float32, got ${given}; correct the number`,
  );
}

/** A value of any kind in an error. */
export function describeValue(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'object' && value !== null) return `an object of class ${value.constructor?.name ?? 'unknown'}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
