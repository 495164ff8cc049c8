// An expression → its values, and a weight's gradients: compiled once a structure, run whenever asked for. The caller's thread.
import { type CompiledTrace, compileTrace } from './compile-trace.ts';
import type { Expression, Numbers } from './expression.ts';
import { refuseSecondDerivative } from './nested-grad.ts';
import { type Trace, traceBackward, traceForward } from './trace.ts';

// A training loop has a handful of structures; each is a few kilobytes.
const MOST_COMPILED = 256;
const compiled = new Map<string, CompiledTrace>();

/** The values of an expression, computed where nobody has asked for them yet. */
export function evaluate(expression: Expression): Numbers {
  if (expression.values === null) {
    const trace = traceForward(expression);
    setValues(expression, compileOnce(trace, false).run(valuesOf(trace.leaves)).value);
  }
  return expression.values!;
}

/**
 * The gradients of Σ seed · root by every leaf that requires them, in the order in which they are needed; root gets its values on the way.
 * A leaf that no gradient reaches is left out.
 * @throws ModelError inside of a grad by one of these leaves.
 */
export function differentiateExpression(root: Expression, seed: Numbers): [Expression, Numbers][] {
  const trace = traceBackward(root);
  refuseSecondDerivative(trace);
  const { value, gradients } = compileOnce(trace, true).run([...valuesOf(trace.leaves), seed]);
  if (root.values === null) setValues(root, value);
  return trace.leaves.flatMap((leaf, i): [Expression, Numbers][] => {
    const gradient = gradients[i];
    return gradient === null ? [] : [[leaf, gradient]];
  });
}

/** How many structures are kept compiled: it stays below a bound, whatever is computed. */
export function compiledStructures(): number {
  return compiled.size;
}

function setValues(expression: Expression, values: Numbers): void {
  expression.values = values;
  if (!expression.requiresGrad) expression.inputs = [];
}

function valuesOf(leaves: readonly Expression[]): Numbers[] {
  return leaves.map(({ values }) => values!);
}

/** The least recently used structure is the first of the map, and makes room. */
function compileOnce(trace: Trace, withGradients: boolean): CompiledTrace {
  const key = `${withGradients ? 'backward' : 'forward'} ${trace.key}`;
  const found = compiled.get(key) ?? compileTrace(trace, withGradients);
  compiled.delete(key);
  compiled.set(key, found);
  if (compiled.size > MOST_COMPILED) compiled.delete(compiled.keys().next().value!);
  return found;
}
