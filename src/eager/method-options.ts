// What the caller of a method gives → tensors and settings of its op, defaults filled in, mistakes named. The caller's thread.
import type { Pair } from '../graph/images.ts';
import { ModelError } from '../graph/model-error.ts';
import { elementCount, formatShape } from '../graph/tensor-type.ts';
import { type Expression, scalar } from './expression.ts';

/** Another tensor, or a number, which is rounded to float32 and broadcasts to any shape. */
export type Operand = Expression | number;

/** One number for both axes of images, or [vertical, horizontal]. */
export type PairOption = number | Pair;

// Of all that an address of 32 bits reaches.
const MOST_ELEMENTS = 2 ** 30;

/** One axis or several, negative ones from the end; all where nothing is said. */
export type Axes = number | readonly number[];

/**
 * A tensor where there has to be one.
 * @throws ModelError where it is something else: JavaScript may call with anything.
 */
export function requireTensor(value: Expression, where: string): Expression {
  if (isExpression(value)) return value;
  throw new ModelError(`${where}: expected a tensor, got ${nameKind(value)}; make one with tensor(…)`);
}

/** A tensor that may be left out, as a list of one or none; null leaves it out as undefined does. */
export function optionalTensor(value: Expression | null | undefined, where: string): Expression[] {
  return value === undefined || value === null ? [] : [requireTensor(value, where)];
}

/** A tensor, or a number as one. */
export function operandOf(value: Operand, where: string): Expression {
  if (typeof value === 'number') return scalar(value);
  if (isExpression(value)) return value;
  throw new ModelError(`${where}: expected a tensor or a number, got ${nameKind(value)}; make one with tensor(…)`);
}

/** @throws ModelError where a setting is no number, or an infinite one. */
export function requireFinite(value: number, what: string, where: string): number {
  if (Number.isFinite(value)) return value;
  const got = typeof value === 'number' ? `${value}` : nameKind(value);
  throw new ModelError(`${where}: expected a finite number as ${what}, got ${got}; give a number`);
}

/**
 * A shape of whole lengths that memory can hold.
 * @throws ModelError where it is none.
 */
export function requireShape(shape: readonly number[], where: string): readonly number[] {
  const isShape = Array.isArray(shape) && shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (isShape && elementCount(shape) <= MOST_ELEMENTS) return [...shape];
  const got = Array.isArray(shape) ? formatShape(shape) : nameKind(shape);
  throw new ModelError(`${where}: expected a shape such as [2, 3] of at most 2^30 elements, got ${got}; correct it`);
}

/** @throws ModelError where a list of numbers is none. */
export function requireNumbers(value: readonly number[], what: string, where: string): readonly number[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'number')) return [...value];
  throw new ModelError(`${where}: expected ${what}, got ${nameKind(value)}; give a list of numbers`);
}

/** Axes as a list. */
export function axesOf({ shape }: Expression, axes: Axes | null | undefined, where: string): readonly number[] {
  if (axes === undefined || axes === null) return shape.map((_, axis) => axis);
  return typeof axes === 'number'
    ? [axes]
    : requireNumbers(axes as readonly number[], 'an axis or a list of them', where);
}

/** Both numbers of a pair; whether they will do is for the op to say. */
export function pairOf(value: PairOption): Pair {
  return Array.isArray(value) ? (value as unknown as Pair) : [value as number, value as number];
}

/**
 * Options with the defaults for all that are left out.
 * @throws ModelError where there is none of that name: nothing is ignored.
 */
export function fillOptions<O extends object>(given: O | undefined, defaults: Required<O>, where: string): Required<O> {
  const names = Object.keys(defaults).join(', ');
  if (given !== undefined && (typeof given !== 'object' || given === null || isExpression(given))) {
    throw new ModelError(
      `${where}: expected options (${names}) as an object, got ${nameKind(given)}; write { name: … }`,
    );
  }
  const entries = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    if (!Object.hasOwn(defaults, name)) {
      throw new ModelError(`${where}: expected options out of ${names}, got ${name}; correct the name`);
    }
    const fallback: unknown = defaults[name as keyof O];
    if (typeof fallback === 'boolean' && typeof value !== 'boolean') {
      throw new ModelError(`${where}: expected ${name} to be true or false, got ${nameKind(value)}; write one of them`);
    }
  }
  return { ...defaults, ...Object.fromEntries(entries) };
}

/** What a value is, for an error. */
export function nameKind(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return 'an array';
  if (isExpression(value)) return 'a tensor';
  return typeof value === 'object' ? `an object (${value.constructor?.name})` : `the ${typeof value} ${String(value)}`;
}

function isExpression(value: unknown): value is Expression {
  return typeof value === 'object' && value !== null && 'requiresGrad' in value;
}
