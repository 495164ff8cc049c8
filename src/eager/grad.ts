// A function of tensors → the function of its gradients. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { elementCount, formatShape } from '../graph/tensor-type.ts';
import { differentiateExpression, evaluate } from './evaluate.ts';
import { type Expression, leaf } from './expression.ts';
import { withRecording } from './grad-mode.ts';
import { expressionOf, requireTensor, Tensor } from './tensor.ts';

/** The gradient by the one input, or one for each of several. */
export type GradientsOf<Inputs extends readonly Tensor[]> = Inputs extends readonly [Tensor]
  ? Tensor
  : { [I in keyof Inputs]: Tensor };

/**
 * A function of tensors whose result is a single number → the function that gives its gradient: for one input a tensor of that input's
 * shape, for several an array of them. The inputs' own `grad` and that of all other tensors stay as they are.
 * First derivatives only: what comes out is a constant.
 */
export function grad<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
): (...inputs: Inputs) => GradientsOf<Inputs> {
  const compute = valueAndGrad(f);
  return (...inputs) => compute(...inputs)[1];
}

/**
 * As `grad`, with the value of `f` in front: `[value, gradient]` or `[value, gradients]`.
 * @throws ModelError, when it is called, where the result of `f` is not a single number.
 */
export function valueAndGrad<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
): (...inputs: Inputs) => [value: Tensor, gradients: GradientsOf<Inputs>] {
  if (typeof f !== 'function') {
    throw new ModelError(`grad: expected a function of tensors, got ${typeof f}; write grad((x) => x.square().sum())`);
  }
  return (...inputs) => {
    const leaves = inputs.map((input, i) => {
      const expression = expressionOf(requireTensor(input, `grad: expected a tensor as input ${i}`));
      return leaf(evaluate(expression), expression.shape, { grad: null });
    });
    const own = leaves.map((input) => new Tensor(input)) as readonly Tensor[] as Inputs;
    const value = withRecording(true, () =>
      requireTensor(f(...own), 'grad: expected a function that returns a tensor'),
    );
    const root = expressionOf(value);
    checkScalar(root);
    const known = new Map(root.requiresGrad ? differentiateExpression(root, Float32Array.of(1)) : []);
    const gradients = leaves.map((input) => {
      return new Tensor(leaf(known.get(input) ?? new Float32Array(elementCount(input.shape)), input.shape));
    });
    return [value.detach(), (gradients.length === 1 ? gradients[0] : gradients) as GradientsOf<Inputs>];
  };
}

function checkScalar({ shape }: Expression): void {
  if (elementCount(shape) === 1) return;
  throw new ModelError(
    `grad: expected a function whose result is a single number, got shape ${formatShape(shape)}; end it with sum() or mean()`,
  );
}
