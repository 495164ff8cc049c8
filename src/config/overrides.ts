// Texts such as `data.batchSize=100` → edits of a config's values. Coordinator only; changes the tree that it is given.
import type { ConfigIssue } from './config-error.ts';
import { type ConfigNode, childOf, formatPath, type Origin } from './config-node.ts';
import { showNode } from './show-value.ts';
import { readYamlValue } from './yaml-source.ts';

const SYNTAX = /^([^=]*)=(.*)$/s;
const KEY = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
/** Two ways to say how long a run is: an override of one takes the place of the other. */
const LENGTHS = ['epochs', 'steps'];

/**
 * Sets the key of each override to its value, which is YAML, from left to right; `key=null` takes the key away, so that its default
 * holds. Mappings on the way are made where there are none, items of lists have to be there.
 */
export function applyOverrides(root: ConfigNode, overrides: readonly string[]): ConfigIssue[] {
  return overrides.flatMap((text, index) => {
    const { key, value, issues } = readOverride(text, index);
    if (value === undefined) return issues;
    const path = key.split('.');
    if (LENGTHS.includes(key) && value.content !== null) removeLengths(root);
    return [...issues, ...setValue(root, path, value)];
  });
}

interface ReadOverride {
  key: string;
  value?: ConfigNode;
  issues: ConfigIssue[];
}

function readOverride(text: string, index: number): ReadOverride {
  const [, key = text, valueText] = SYNTAX.exec(text) ?? [];
  const origin: Origin = { kind: 'override', text, key, index };
  const refuse = (expected: string, got: string, advice: string): ReadOverride => {
    return { key, issues: [{ origin, path: [], expected, got, advice }] };
  };
  if (valueText === undefined) return refuse('key=value', 'no =', 'write it as in epochs=3');
  if (!KEY.test(key))
    return refuse('a key such as data.batchSize', JSON.stringify(key), 'write it as in data.batchSize=100');
  const { root: value, issues } = readYamlValue(valueText, origin);
  if (issues.length > 0) return { key, issues: issues.map((issue) => ({ ...issue, path: withKey(key, issue) })) };
  if (value === undefined)
    return refuse('a value', 'nothing', `write ${key}=null for the default, or put text in quotes`);
  return { key, value: { ...value, keyOrigin: origin }, issues };
}

function withKey(key: string, { path }: ConfigIssue): ConfigIssue['path'] {
  return [...key.split('.'), ...path];
}

/** Two overrides, one of each, both stay: that is an error like both in a file. */
function removeLengths({ content }: ConfigNode): void {
  if (!(content instanceof Map)) return;
  for (const key of LENGTHS) if (content.get(key)?.origin.kind !== 'override') content.delete(key);
}

function setValue(root: ConfigNode, path: readonly string[], value: ConfigNode): ConfigIssue[] {
  let node = root;
  for (const [depth, key] of path.entries()) {
    const refused = refusePlace(node, path, depth, value.origin);
    if (refused !== undefined) return [refused];
    if (depth === path.length - 1) setChild(node, key, value);
    else
      node =
        childOf(node, key) ??
        setChild(node, key, { content: new Map(), origin: value.origin, keyOrigin: value.origin });
  }
  return [];
}

function refusePlace({ content, ...node }: ConfigNode, path: readonly string[], depth: number, origin: Origin) {
  const issue = (expected: string, got: string, advice: string): ConfigIssue => ({
    origin,
    path,
    expected,
    got,
    advice,
  });
  const outer = formatPath(path.slice(0, depth)) || 'the config';
  const key = path[depth];
  if (content instanceof Map) return undefined;
  if (!Array.isArray(content))
    return issue(`a mapping in ${outer}`, showNode({ content, ...node }), `set ${outer} as a whole`);
  const isIndex = /^(?:0|[1-9]\d*)$/.test(key) && Number(key) < content.length;
  if (isIndex) return undefined;
  const indices = content.length === 0 ? 'an empty list' : `an index from 0 to ${content.length - 1}`;
  return issue(`${indices} in ${outer}`, key, `set ${outer} as a whole to make it longer`);
}

function setChild({ content }: ConfigNode, key: string, child: ConfigNode): ConfigNode {
  if (content instanceof Map && child.content === null) content.delete(key);
  else if (content instanceof Map) content.set(key, child);
  else if (Array.isArray(content)) content[Number(key)] = child;
  return child;
}
