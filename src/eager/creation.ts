// Numbers, a rule or a seed → a tensor. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { elementCount, formatShape } from '../graph/tensor-type.ts';
import { leaf } from './expression.ts';
import { flattenNumbers, type NestedNumbers } from './nested-numbers.ts';
import { normalNumbers, uniformNumbers } from './random-numbers.ts';
import { Tensor } from './tensor.ts';

/** Arrays of numbers that a tensor may be made of. */
export type TypedNumbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** What a new tensor may be told. */
export interface TensorOptions {
  /** `backward` gives it a gradient: false where nothing is said. */
  readonly requiresGrad?: boolean;
}

/** How random numbers are drawn. They are a pure function of seed and place: the same call gives the same numbers, on every machine. */
export interface RandomOptions extends TensorOptions {
  /** A whole number from 0 to 2^53 - 1; take another one for each tensor. */
  readonly seed: number;
}

/**
 * Numbers → a tensor of their shape, or of `shape`, row-major. They are copied and rounded to float32.
 * @throws ModelError where rows differ in length, something is no number, or `shape` has another number of elements.
 */
export function tensor(
  values: NestedNumbers | TypedNumbers,
  { shape, requiresGrad }: TensorOptions & { readonly shape?: readonly number[] } = {},
): Tensor {
  const given = ArrayBuffer.isView(values)
    ? { shape: [values.length], numbers: values }
    : flattenNumbers(values as NestedNumbers);
  const wanted = shape === undefined ? given.shape : checkShape(shape, 'tensor');
  if (elementCount(wanted) !== given.numbers.length) {
    throw new ModelError(
      `tensor: expected ${elementCount(wanted)} numbers for shape ${formatShape(wanted)}, got ${given.numbers.length}; change one of the two`,
    );
  }
  return create(Float32Array.from(given.numbers), wanted, requiresGrad);
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** A tensor of one number again and again. */
export function full(shape: readonly number[], value: number, { requiresGrad }: TensorOptions = {}): Tensor {
  return create(allocate(shape, 'full').fill(value), shape, requiresGrad);
}

/**
 * The numbers from start up to but without end, `step` apart; `arange(3)` is 0, 1, 2.
 * @throws ModelError where the step is 0 or leads away from the end.
 */
export function arange(end: number): Tensor;
export function arange(start: number, end: number, step?: number, options?: TensorOptions): Tensor;
export function arange(first: number, last?: number, step = 1, { requiresGrad }: TensorOptions = {}): Tensor {
  const [start, end] = last === undefined ? [0, first] : [first, last];
  const count = Math.ceil((end - start) / step);
  if (!Number.isFinite(count) || count < 0) {
    throw new ModelError(`arange: expected a step from ${start} towards ${end}, got ${step}; change its sign or size`);
  }
  const values = Float32Array.from({ length: count }, (_, i) => start + i * step);
  return create(values, [count], requiresGrad);
}

/** Numbers uniform in [low, high), [0, 1) where nothing is said. */
export function uniform(
  shape: readonly number[],
  options: RandomOptions & { readonly low?: number; readonly high?: number },
): Tensor {
  const seed = checkSeed(options, 'uniform');
  const { low = 0, high = 1, requiresGrad } = options;
  const values = allocate(shape, 'uniform');
  uniformNumbers(values, seed, low, high);
  return create(values, shape, requiresGrad);
}

/** Numbers of the normal distribution, of mean 0 and standard deviation 1 where nothing is said. */
export function randn(
  shape: readonly number[],
  options: RandomOptions & { readonly mean?: number; readonly std?: number },
): Tensor {
  const seed = checkSeed(options, 'randn');
  const { mean = 0, std = 1, requiresGrad } = options;
  const values = allocate(shape, 'randn');
  normalNumbers(values, seed, mean, std);
  return create(values, shape, requiresGrad);
}

function create(values: Float32Array, shape: readonly number[], requiresGrad = false): Tensor {
  return new Tensor(leaf(values, [...shape], requiresGrad ? { grad: null } : null));
}

// Of all that an address of 32 bits reaches.
const MOST_ELEMENTS = 2 ** 30;

function allocate(shape: readonly number[], where: string): Float32Array {
  return new Float32Array(elementCount(checkShape(shape, where)));
}

function checkShape(shape: readonly number[], where: string): readonly number[] {
  const isShape = Array.isArray(shape) && shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (isShape && elementCount(shape) <= MOST_ELEMENTS) return shape;
  const got = Array.isArray(shape) ? formatShape(shape) : String(shape);
  throw new ModelError(`${where}: expected a shape such as [2, 3] of at most 2^30 elements, got ${got}; correct it`);
}

function checkSeed(options: RandomOptions | undefined, where: string): number {
  const seed: unknown = options?.seed;
  if (typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new ModelError(`${where}: expected a seed, a whole number from 0 on, got ${String(seed)}; write { seed: 1 }`);
}
