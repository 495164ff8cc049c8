// A resolved config → configSha256: one hash of every key that decides the bits, and of nothing else. Coordinator only; pure.
import { createHash } from 'node:crypto';
import { DATA_PATH_KEYS } from '../data/data.schema.ts';
import type { TrainConfig } from './config-schema.ts';

/** The keys that decide the bits; those of later parts stand here already, as a config without them hashes as if there were none. */
const HASHED_KEYS = [
  'seed',
  'data',
  'shards',
  'numerics',
  'model',
  'loss',
  'optimizer',
  'schedule',
  'clip',
  'microBatch',
  'averaging',
  'until',
  'epochs',
  'steps',
  'evaluation',
];

/**
 * Keys that joined a hashed mapping after configs had been hashed, by path (list indices as `*`), each with the value that means what
 * lockstep did before there was the key: at that value it is left out, so that old configs keep their hashes. Keys that a mapping had
 * from the start are always hashed: a changed default then changes the hash, as it has to.
 */
export const JOINED_LATER: Readonly<Record<string, unknown>> = {
  'evaluation.minDelta': 0,
  'optimizer.amsgrad': false,
  'data.split': 'random',
  'data.missing': 'error',
  'data.indicator': false,
  'data.standardize': false,
  'data.standardizeTarget': false,
  'data.onBadSample': 'error',
};

/**
 * The hash of what decides the bits; `numerics` is what `auto` has become on this machine, `modelSha256` the hash of the module that
 * `model` names: where it lies decides no bit.
 */
export function configSha256(config: TrainConfig, numerics: 'portable' | 'fast', modelSha256?: string): string {
  const model = typeof config.model === 'string' ? (`sha256 ${modelSha256}` as const) : config.model;
  return createHash('sha256')
    .update(canonicalConfig({ ...config, model }, numerics))
    .digest('hex');
}

/** JSON of the hashed keys in the order of their code units, without blanks. */
export function canonicalConfig(
  config: TrainConfig,
  numerics: 'portable' | 'fast',
  joinedLater: Readonly<Record<string, unknown>> = JOINED_LATER,
): string {
  const values: Record<string, unknown> = { ...config, numerics, data: withoutPaths(config.data) };
  const hashed = Object.fromEntries(HASHED_KEYS.map((key) => [key, values[key]]));
  return canonicalJson(hashed, '', joinedLater)!;
}

function withoutPaths(data: TrainConfig['data']): Record<string, unknown> {
  const isPath = (key: string) => (DATA_PATH_KEYS as readonly string[]).includes(key);
  return Object.fromEntries(Object.entries(data).filter(([key]) => !isPath(key)));
}

/** Undefined for what is left out. Numbers are written as ECMAScript defines it: the same text in every engine. */
function canonicalJson(value: unknown, path: string, left: Readonly<Record<string, unknown>>): string | undefined {
  if (value === undefined || (Object.hasOwn(left, path) && left[path] === value)) return undefined;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = (key: string, child: unknown) => canonicalJson(child, path === '' ? key : `${path}.${key}`, left);
  if (Array.isArray(value)) return `[${value.map((item) => inner('*', item)).join(',')}]`;
  const keys = Object.keys(value).sort();
  const members = keys.map((key) => [JSON.stringify(key), inner(key, (value as Record<string, unknown>)[key])]);
  return `{${members.flatMap(([key, text]) => (text === undefined ? [] : `${key}:${text}`)).join(',')}}`;
}

/** What the hash is made of, value by value: the path of each to its JSON. Lists of numbers or words count as one value. */
export function hashedLeaves(config: TrainConfig): Map<string, string> {
  const values: Record<string, unknown> = { ...config, data: withoutPaths(config.data) };
  const leaves = new Map<string, string>();
  const collect = (value: unknown, path: string): void => {
    if (value === undefined) return;
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    const isLeaf = Array.isArray(value) && value.every((item) => typeof item !== 'object');
    if (entries.length === 0 || isLeaf) leaves.set(path, JSON.stringify(value));
    else for (const [key, child] of entries) collect(child, `${path}.${key}`);
  };
  for (const key of HASHED_KEYS) collect(values[key], key);
  return leaves;
}
