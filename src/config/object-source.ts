// A JavaScript value → a config's values: what the programming interface is given. Coordinator only; pure.
import type { ConfigIssue } from './config-error.ts';
import type { ConfigNode, Path } from './config-node.ts';
import { TooManyValues, VALUE_LIMITS, ValueBudget } from './value-limits.ts';

const ORIGIN = { kind: 'object' } as const;

/** Takes plain objects, arrays, strings, numbers, booleans and null; keys whose value is undefined count as not there. */
export function readObject(value: unknown): { root: ConfigNode; issues: ConfigIssue[] } {
  const issues: ConfigIssue[] = [];
  try {
    return { root: readValue(value, [], new ValueBudget(), issues), issues };
  } catch (cause) {
    if (!(cause instanceof TooManyValues)) throw cause;
    issues.push({ origin: ORIGIN, path: [], expected: VALUE_LIMITS, got: 'more', advice: 'remove what holds itself' });
    return { root: { content: null, origin: ORIGIN }, issues };
  }
}

function readValue(value: unknown, path: Path, budget: ValueBudget, issues: ConfigIssue[]): ConfigNode {
  budget.spend(path.length);
  const read = (child: unknown, key: string | number) => readValue(child, [...path, key], budget, issues);
  if (Array.isArray(value)) return { content: Array.from(value, read), origin: ORIGIN };
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, child]) => child !== undefined);
    const content = new Map(entries.map(([key, child]) => [key, { ...read(child, key), keyOrigin: ORIGIN }]));
    return { content, origin: ORIGIN };
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean')
    return { content: value, origin: ORIGIN };
  if (typeof value === 'number' && Number.isFinite(value)) return { content: value + 0, origin: ORIGIN };
  const expected = typeof value === 'number' ? 'a finite number' : 'a value that YAML can write';
  issues.push({ origin: ORIGIN, path, expected, got: nameValue(value), advice: 'correct the value' });
  return { content: null, origin: ORIGIN };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameValue(value: unknown): string {
  if (typeof value !== 'object') return typeof value === 'number' ? String(value) : `a ${typeof value}`;
  return `an object of class ${value?.constructor?.name ?? 'unknown'}`;
}
