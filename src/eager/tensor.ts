// The eager tensor: an expression with methods, a gradient and a memory of how it was made. The caller's thread.
import { inspect } from 'node:util';
import { ModelError } from '../graph/model-error.ts';
import { elementCount, formatShape, isSameShape } from '../graph/tensor-type.ts';
import { differentiateExpression, evaluate } from './evaluate.ts';
import { applyOp, type Expression, leaf, type Numbers } from './expression.ts';
import { isRecordingGradients, noGrad } from './grad-mode.ts';
import { nameKind } from './method-options.ts';
import { METHODS } from './methods.ts';
import { type NestedNumbers, nestNumbers } from './nested-numbers.ts';
import { detach } from './trace-graph.ts';

type Argument<A> = A extends Expression ? Tensor : A extends readonly Expression[] ? readonly Tensor[] : A;
type Arguments<A extends readonly unknown[]> = { [I in keyof A]: Argument<A[I]> };
type Methods = typeof METHODS;

/** The methods of the table, of tensors instead of expressions. */
export type TensorMethods = {
  [K in keyof Methods]: Methods[K] extends (x: Expression, ...rest: infer A) => Expression
    ? (...others: Arguments<A>) => Tensor
    : never;
};

/** What PyTorch's tensors or modules do and these do not, and what to do instead: a name in JavaScript is not refused before it is called. */
const LEFT_OUT = {
  dropout: 'write x.mul(uniform(x.shape, { seed }).greater(p)).div(1 - p)',
  batchNorm: 'use groupNorm or layerNorm, or take off mean(0) yourself',
};

/** A tensor of more numbers is printed by its shape. */
const MOST_PRINTED = 100;

/**
 * The expression that a tensor is, for the functions of this folder.
 * @throws ModelError where the value is no tensor: JavaScript may call with anything.
 */
export let expressionOf: (value: Tensor, where: string) => Expression;

/**
 * An array of float32 numbers of any shape, row-major. What is computed with it is computed when somebody looks:
 * `item`, `data`, `toArray`, `backward`, `assign`. Shapes are checked at once.
 *
 * A result knows what it was made of where that requires gradients, so that `backward` finds the way back.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the table's methods are put on the prototype, at the end of this file.
export class Tensor {
  #expression: Expression;

  /** Tensors are made by `tensor(…)`, `zeros(…)` and their like. */
  constructor(expression: Expression) {
    this.#expression = expression;
  }

  /** The lengths of the axes; `[]` for a single number. */
  get shape(): readonly number[] {
    return [...this.#expression.shape];
  }

  /** How many axes. */
  get rank(): number {
    return this.#expression.shape.length;
  }

  /** How many numbers. */
  get size(): number {
    return elementCount(this.#expression.shape);
  }

  /** Whether `backward` gives it a gradient, or passes one on through it. */
  get requiresGrad(): boolean {
    return this.#expression.requiresGrad;
  }

  /** What `backward` has added up for a tensor made with `requiresGrad`, in its shape; null before that, and for results. */
  get grad(): Tensor | null {
    return this.#expression.cell?.grad ?? null;
  }

  /**
   * The number of a tensor of one element.
   * @throws ModelError where it has more, or none.
   */
  item(): number {
    if (this.size === 1) return evaluate(this.#expression)[0];
    throw new ModelError(`item: expected a tensor of one element, got shape ${formatShape(this.shape)}; use toArray()`);
  }

  /** A copy of the numbers, row-major. */
  data(): Float32Array {
    return Float32Array.from(evaluate(this.#expression));
  }

  /** The numbers as nested arrays; a plain number for a tensor without axes. */
  toArray(): NestedNumbers {
    return nestNumbers(evaluate(this.#expression), this.#expression.shape);
  }

  /** The same numbers as a constant: no gradient goes back through it. */
  detach(): Tensor {
    const { values, shape } = this.#expression;
    return new Tensor(values === null ? applyOp(detach, [this.#expression], {}) : leaf(values, shape));
  }

  /**
   * Adds the gradient of this tensor by every tensor it was made of and that was made with `requiresGrad` to that tensor's `grad`.
   * @param gradient of this tensor's shape, what a result made from it would pass on; not needed for a single number, where it is 1.
   * @throws ModelError where this tensor does not require gradients, or has several numbers and no gradient is given.
   */
  backward(gradient?: Tensor): void {
    const expression = this.#expression;
    const { shape } = expression;
    if (!expression.requiresGrad) {
      throw new ModelError(
        `backward: expected a tensor that requires gradients, got one of shape ${formatShape(shape)} that does not; make a tensor that it depends on with { requiresGrad: true }, and compute outside of noGrad`,
      );
    }
    for (const [weight, values] of differentiateExpression(expression, seedOf(shape, gradient))) {
      const added = new Tensor(leaf(values, weight.shape));
      const cell = weight.cell!;
      const { grad } = cell;
      cell.grad = grad === null ? added : noGrad(() => grad.add(added));
      // Now, so that no chain of gradients waits to be added up.
      evaluate(cell.grad.#expression);
    }
  }

  /** Forgets the gradient: `grad` is null again. Needed before each `backward`, as gradients add up. */
  zeroGrad(): void {
    const { cell } = this.#expression;
    if (cell !== null) cell.grad = null;
  }

  /**
   * Takes over the numbers of another tensor of the same shape; `grad` stays. What was computed from the old numbers keeps them.
   * @returns this tensor
   * @throws ModelError outside of `noGrad` where this tensor requires gradients, and where the shapes differ.
   */
  assign(source: Tensor): this {
    const { shape, cell, requiresGrad, op } = this.#expression;
    const given = expressionOf(source, 'assign');
    if (requiresGrad && op !== null) {
      throw new ModelError(
        `assign: expected a tensor made with requiresGrad, got the result of ${op.name}; assign to the tensor itself, or to result.detach()`,
      );
    }
    if (requiresGrad && isRecordingGradients()) {
      throw new ModelError(
        'assign: expected noGrad around a change of a tensor that requires gradients, got a call outside of it; write noGrad(() => w.assign(…))',
      );
    }
    if (!isSameShape(shape, given.shape)) {
      throw new ModelError(
        `assign: expected a tensor of shape ${formatShape(shape)}, got ${formatShape(given.shape)}; reshape it`,
      );
    }
    this.#expression = leaf(evaluate(given), shape, cell);
    return this;
  }

  /** `tensor([1, 2], requiresGrad)` for printing. */
  toString(): string {
    const mark = this.requiresGrad ? ', requiresGrad' : '';
    const numbers = this.size > MOST_PRINTED ? `of shape ${formatShape(this.shape)}` : printNumbers(this.toArray());
    return `tensor(${numbers}${mark})`;
  }

  /** What console.log shows. */
  [inspect.custom](): string {
    return this.toString();
  }

  static {
    expressionOf = (value, where) => {
      if (typeof value === 'object' && value !== null && #expression in value) return value.#expression;
      throw new ModelError(`${where}: expected a tensor, got ${nameKind(value)}; make one with tensor(…)`);
    };
  }
}

export interface Tensor extends TensorMethods {}

for (const [name, method] of Object.entries(METHODS)) {
  const compute = method as (x: Expression, ...rest: unknown[]) => Expression;
  const value = function (this: Tensor, ...others: unknown[]): Tensor {
    return new Tensor(compute(expressionOf(this, name), ...others.map(withoutTensors)));
  };
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

for (const [name, instead] of Object.entries(LEFT_OUT)) {
  const value = (): never => {
    throw new ModelError(`${name}: expected a layer of a model for it, got a tensor; ${instead}`);
  };
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

/** @throws ModelError beginning with `where` for what is no tensor: JavaScript may call with anything. */
export function requireTensor(value: unknown, where: string): Tensor {
  if (value instanceof Tensor) return value;
  throw new ModelError(`${where}, got ${value === null ? 'null' : typeof value}; make one with tensor(…)`);
}

function withoutTensors(value: unknown): unknown {
  if (value instanceof Tensor) return expressionOf(value, 'tensor');
  return Array.isArray(value) ? value.map(withoutTensors) : value;
}

/** The gradient that backward starts from. */
function seedOf(shape: readonly number[], gradient: Tensor | undefined): Numbers {
  if (gradient === undefined) {
    if (elementCount(shape) === 1) return Float32Array.of(1);
    throw new ModelError(
      `backward: expected a gradient for a tensor of several numbers, got none for shape ${formatShape(shape)}; use sum() or mean() first, or give a tensor of that shape`,
    );
  }
  const given = expressionOf(gradient, 'backward');
  if (isSameShape(shape, given.shape)) return evaluate(given);
  throw new ModelError(
    `backward: expected a gradient of shape ${formatShape(shape)}, got ${formatShape(given.shape)}; give one number for each of the tensor's`,
  );
}

function printNumbers(nested: NestedNumbers): string {
  return typeof nested === 'number' ? `${nested}` : `[${nested.map(printNumbers).join(', ')}]`;
}
