// The expression that is wanted → all that it needs in order, and a key that equal structures share. Pure; the caller's thread.
import type { Expression } from './expression.ts';

/** What has to be computed, as a list. */
export interface Trace {
  /** Inputs before their users, the wanted expression last. */
  readonly expressions: readonly Expression[];
  /** Those whose values are given. */
  readonly leaves: readonly Expression[];
  readonly indexOf: ReadonlyMap<Expression, number>;
  /** Two traces of one key differ in the values of their leaves only. */
  readonly key: string;
}

/** What computing the values of `wanted` takes: values that are known are taken as given. */
export function traceForward(wanted: Expression): Trace {
  return trace(wanted, ({ values }) => values !== null);
}

/** What the gradients take beside: the way back to the weights, known values on it or not. */
export function traceBackward(wanted: Expression): Trace {
  return trace(wanted, ({ op, values, requiresGrad }) => op === null || (values !== null && !requiresGrad));
}

/** Depth first and without recursion: a chain may be longer than the stack is deep. */
function trace(wanted: Expression, isGiven: (expression: Expression) => boolean): Trace {
  const expressions: Expression[] = [];
  const indexOf = new Map<Expression, number>();
  const keys: string[] = [];
  const leaves: Expression[] = [];
  const stack = [wanted];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const isLeaf = isGiven(top);
    const missing = isLeaf || indexOf.has(top) ? [] : top.inputs.filter((input) => !indexOf.has(input));
    stack.push(...missing);
    if (missing.length > 0) continue;
    stack.pop();
    if (indexOf.has(top)) continue;
    if (isLeaf) leaves.push(top);
    indexOf.set(top, expressions.length);
    expressions.push(top);
    keys.push(isLeaf ? leafKey(top) : `${top.key}${gradMark(top)}[${top.inputs.map((input) => indexOf.get(input))}]`);
  }
  return { expressions, leaves, indexOf, key: keys.join(';') };
}

function leafKey(expression: Expression): string {
  return `${expression.element}(${expression.shape})${gradMark(expression)}`;
}

function gradMark({ requiresGrad }: Expression): string {
  return requiresGrad ? '*' : '';
}
