// What zod found → issues that say where, what was got and what to do about it. Coordinator only; pure.
import type { z } from 'zod';
import type { ConfigIssue } from './config-error.ts';
import { type ConfigNode, formatPath, nearestNode, nodeAt, type Path } from './config-node.ts';
import { chooseOption, discriminatorAt, mappingsAt } from './known-keys.ts';
import { nearestKey } from './nearest-key.ts';
import { checkNumber } from './number-text.ts';
import { showNode } from './show-value.ts';
import { describeUnknownKey } from './unknown-key.ts';

type ZodIssue = z.core.$ZodIssue;

/** One issue of zod may be several: a line each unknown key, and a line each fault of the layer that an item was meant to be. */
export function describeIssue(root: ConfigNode, issue: ZodIssue, outer: Path = []): ConfigIssue[] {
  const path = [...outer, ...(issue.path as Path)];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknownKey(root, path, key));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const chosen = chooseOption(root, path);
    if (chosen >= 0) return issue.errors[chosen].flatMap((inner) => describeIssue(root, inner, path));
  }
  const node = nodeAt(root, path);
  const { origin } = nearestNode(root, path);
  return [{ origin, path, expected: issue.message, got: showNode(node), advice: advise(root, path, issue) }];
}

const SPELLINGS: Record<string, string> = { yes: 'true', on: 'true', no: 'false', off: 'false' };

function advise(root: ConfigNode, path: Path, issue: ZodIssue): string {
  const node = nodeAt(root, path);
  if (node === undefined) return `add ${formatPath(path)}`;
  const { content } = node;
  if (content === null) return 'write a value or remove the key';
  if (content instanceof Map) return adviseKind(root, path, [...content.keys()]);
  if (typeof content === 'object') return 'correct the value';
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  if (typeof content !== 'string') return wantsText ? 'put it in quotes' : 'correct the value';
  const mapping = adviseMapping(root, path, content);
  if (mapping !== undefined) return mapping;
  const word = nearestKey(content, wordsOf(issue));
  if (word !== undefined) return `did you mean ${word}?`;
  if (isDecimal(content) && !wantsText) return 'write a number without quotes';
  const spelling = SPELLINGS[content.toLowerCase()];
  return spelling !== undefined && issue.message.includes('true or false') ? `write ${spelling}` : 'correct the value';
}

/** For a bare name where a mapping with that name has to stand: `schedule: cosine`. */
function adviseMapping(root: ConfigNode, path: Path, word: string): string | undefined {
  const key = discriminatorAt(root, path);
  if (key === undefined) return undefined;
  const names = mappingsAt(root, path).all.flatMap((one) => one.names);
  return names.includes(word) ? `write { ${key}: ${word} }` : undefined;
}

/** For an item of `model` of which no key names a kind. */
function adviseKind(root: ConfigNode, path: Path, keys: readonly string[]): string {
  const kinds = mappingsAt(root, path).all.flatMap((one) => one.names);
  const [near] = keys.flatMap((key) => nearestKey(key, kinds) ?? []);
  if (near !== undefined) return `did you mean ${near}?`;
  return kinds.length === 0 ? 'correct the value' : `name its kind: ${kinds.join(', ')}`;
}

/** The words that would have been taken. */
function wordsOf(issue: ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter(isText);
  if (issue.code !== 'invalid_union') return [];
  // Only the issue of a wrong discriminator has these.
  const names = 'options' in issue && Array.isArray(issue.options) ? issue.options.filter(isText) : [];
  return [...names, ...issue.errors.flat().flatMap(wordsOf)];
}

function isDecimal(text: string): boolean {
  return checkNumber(text, Number(text)).expected === undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
