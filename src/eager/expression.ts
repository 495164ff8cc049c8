// Ops applied to tensors → an expression: a node of a lazy graph that has no values before somebody wants them. The caller's thread.
import type { Attrs, Op } from '../graph/op.ts';
import { broadcastTypes, type TensorType } from '../graph/tensor-type.ts';
import { evaluate } from './evaluate.ts';
import { isRecordingGradients } from './grad-mode.ts';
import type { Tensor } from './tensor.ts';

/** A tensor's numbers, row-major; nobody changes them once they are in an expression. */
export type Numbers = Float32Array | Int32Array;

/** Where backward adds the gradient of a weight; it outlives the weight's values, which `assign` replaces. */
export interface GradientCell {
  grad: Tensor | null;
}

/** A tensor as it was computed, or a leaf: values without an op. Shapes are whole; `isBatched` is always false. */
export interface Expression extends TensorType {
  /** Null for a leaf. */
  readonly op: Op | null;
  readonly attrs: Attrs;
  /** Dropped once there are values and no gradient can be asked for. */
  inputs: readonly Expression[];
  readonly requiresGrad: boolean;
  /** Of a leaf that requires gradients. */
  readonly cell: GradientCell | null;
  /** Op and settings; empty for a leaf. */
  readonly key: string;
  /** The longest way to values when it was made, in ops. */
  readonly depth: number;
  values: Numbers | null;
}

// A chain that nobody looks at, such as a running mean, must not keep all of a run alive: it is computed once it is so long.
const MOST_PENDING_DEPTH = 100;

/** Values of a shape; with a cell they require gradients, which backward adds there. */
export function leaf(values: Numbers, shape: readonly number[], cell: GradientCell | null = null): Expression {
  const element = values instanceof Float32Array ? 'f32' : 'i32';
  const type = { shape, isBatched: false, element } as const;
  return { ...type, op: null, attrs: {}, inputs: [], requiresGrad: cell !== null, cell, key: '', depth: 0, values };
}

/** A number as a tensor of no axes, rounded to f32. */
export function scalar(value: number): Expression {
  return leaf(Float32Array.of(value), []);
}

/**
 * Applies an op; its result requires gradients where one of its inputs does and the op has a gradient, but not in `noGrad`.
 * @throws ModelError beginning with the op's name where the shapes do not fit.
 */
export function applyOp<A extends Attrs>(op: Op<A>, inputs: readonly Expression[], attrs: A): Expression {
  const { shape, element } = op.infer(op.broadcasts ? stretchTypes(inputs, op.name) : inputs, attrs, op.name);
  const requiresGrad = isRecordingGradients() && op.gradient !== undefined && inputs.some((x) => x.requiresGrad);
  const key = `${op.name}${formatAttrs(attrs)}`;
  const depth = 1 + Math.max(0, ...inputs.map((x) => (x.values === null ? x.depth : 0)));
  const made = { op: op as unknown as Op, attrs, inputs, requiresGrad, cell: null, key, depth, values: null };
  const expression: Expression = { shape, isBatched: false, element, ...made };
  if (!requiresGrad && depth > MOST_PENDING_DEPTH) evaluate(expression);
  return expression;
}

function stretchTypes(inputs: readonly TensorType[], where: string): TensorType[] {
  const [first, ...others] = inputs;
  const type = others.reduce((sofar, input) => broadcastTypes(sofar, input, where), first);
  return inputs.map(({ element }) => ({ ...type, element }));
}

/** JSON has one word, null, for all three of NaN and the infinities, and no -0. */
function formatAttrs(attrs: Attrs): string {
  return JSON.stringify(attrs, (_, value) => (Object.is(value, -0) ? '-0' : isUnspeakable(value) ? `${value}` : value));
}

function isUnspeakable(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value);
}
