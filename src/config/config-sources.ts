// A resolved config and the tree that it was resolved from → where each value came from. Coordinator only; pure.

import { type ConfigNode, formatPath, nodeAt, type Path } from './config-node.ts';
import type { TrainConfig } from './config-schema.ts';
import { shorten } from './shorten-text.ts';

/** From the path of a value to where it was said. */
export type ConfigSources = ReadonlyMap<string, string>;

/** The sources of all values that are no mappings; a list of numbers or words counts as one value. */
export function findSources(config: TrainConfig, root: ConfigNode): ConfigSources {
  return new Map(leafPaths(config).map((path) => [formatPath(path), describeSource(nodeAt(root, path))]));
}

/** Whether a value is written on one line: no mapping but an empty one, and no list of mappings. */
export function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'object');
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

function leafPaths(value: unknown, path: Path = []): Path[] {
  if (isLeaf(value)) return [path];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value as object);
  return entries.flatMap(([key, child]) => leafPaths(child, [...path, key]));
}

function describeSource(node: ConfigNode | undefined): string {
  if (node === undefined) return 'default';
  const { origin } = node;
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'override':
      return `override ${shorten(origin.text)}`;
    case 'object':
      return 'given';
  }
}
