// Tensors → one tensor. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import { concat as concatOp } from '../graph/ops/concat.ts';
import { applyOp } from './expression.ts';
import { nameKind } from './method-options.ts';
import { expressionOf, Tensor } from './tensor.ts';

/**
 * Tensors one behind the other along an axis, a negative one from the end; their other axes agree.
 * @throws ModelError where they do not, or there is none.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (!Array.isArray(tensors)) {
    throw new ModelError(`concat: expected a list of tensors, got ${nameKind(tensors)}; write concat([a, b])`);
  }
  const parts = tensors.map((one) => expressionOf(one, 'concat'));
  return new Tensor(applyOp(concatOp, parts, { axis }));
}
