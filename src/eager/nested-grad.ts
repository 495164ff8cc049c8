// The inputs by which grad is differentiating right now → the refusal of a gradient inside of that. The caller's thread.
import { ModelError } from '../graph/model-error.ts';
import type { Expression } from './expression.ts';
import type { Trace } from './trace.ts';

const inputsInUse = new Set<Expression>();

/** Runs `compute` while grad differentiates it by `inputs`. */
export function differentiateBy<T>(inputs: readonly Expression[], compute: () => T): T {
  for (const input of inputs) inputsInUse.add(input);
  try {
    return compute();
  } finally {
    for (const input of inputs) inputsInUse.delete(input);
  }
}

/** Whether some grad is at work further out. */
export function isInsideGrad(): boolean {
  return inputsInUse.size > 0;
}

/**
 * Gradients are constants: a gradient of one would silently be 0.
 * @throws ModelError where what is differentiated depends on an input of a grad further out.
 */
export function refuseSecondDerivative({ leaves }: Trace): void {
  if (!leaves.some((leaf) => inputsInUse.has(leaf))) return;
  throw new ModelError(
    'grad: expected a function without gradients by its own inputs, got a gradient inside of grad; there are first derivatives only: use x.detach() inside where x is meant as a constant',
  );
}
