// What a config says, each value with where it was said: the form in which files, objects and overrides meet. Coordinator only; pure.

import { showKey } from './shorten-text.ts';

/** Where a value was said. */
export type Origin =
  | { kind: 'file'; file: string; line: number; column: number }
  | { kind: 'override'; text: string; key: string; index: number }
  | { kind: 'object' };

/** A value of YAML's kinds: a scalar, a list or a mapping, which may be edited until the config is resolved. */
export interface ConfigNode {
  content: Scalar | ConfigNode[] | Map<string, ConfigNode>;
  origin: Origin;
  /** Where the key of this value stands; absent for the root and list items. */
  keyOrigin?: Origin;
}

export type Scalar = string | number | boolean | null;

/** A way from the root: keys, and indices of lists. */
export type Path = readonly (string | number)[];

/** The same way as overrides are typed: `model.0.dense`. */
export function formatPath(path: Path): string {
  return path.map((key) => showKey(String(key))).join('.');
}

/** The child under a key or an index; undefined where there is none. */
export function childOf({ content }: ConfigNode, key: string | number): ConfigNode | undefined {
  if (content instanceof Map) return content.get(String(key));
  return Array.isArray(content) ? content[Number(key)] : undefined;
}

/** The value at a path; undefined where there is none. */
export function nodeAt(root: ConfigNode, path: Path): ConfigNode | undefined {
  return path.reduce<ConfigNode | undefined>((node, key) => node && childOf(node, key), root);
}

/** The value at a path or, where there is none, the innermost around it. */
export function nearestNode(root: ConfigNode, path: Path): ConfigNode {
  return nodeAt(root, path) ?? nearestNode(root, path.slice(0, -1));
}

/** The scalar at a path; undefined where there is none. */
export function scalarAt(root: ConfigNode, path: Path): Scalar | undefined {
  const content = nodeAt(root, path)?.content;
  return typeof content === 'object' && content !== null ? undefined : content;
}

/** Plain objects and arrays with the same values. */
export function plainValue({ content }: ConfigNode): unknown {
  if (content instanceof Map) return Object.fromEntries([...content].map(([key, child]) => [key, plainValue(child)]));
  return Array.isArray(content) ? content.map(plainValue) : content;
}
