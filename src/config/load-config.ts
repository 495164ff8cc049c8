// A config file and overrides, or an object → the one validated, frozen config of a run. Coordinator only.
import { basename, dirname, resolve } from 'node:path';
import { DEFAULT_NAME, nameSchema } from '../experiment/experiment.schema.ts';
import { ConfigError, type ConfigIssue, throwIssues } from './config-error.ts';
import { readConfigFile } from './config-file.ts';
import type { ConfigNode } from './config-node.ts';
import type { TrainConfig } from './config-schema.ts';
import { type ConfigSources, findSources } from './config-sources.ts';
import { readObject } from './object-source.ts';
import { applyOverrides } from './overrides.ts';
import { resolveConfig } from './resolve-config.ts';
import { readYaml } from './yaml-source.ts';

export { ConfigError } from './config-error.ts';

/** A config and where it came from. */
export interface LoadedConfig {
  config: TrainConfig;
  /** Where each value was said, by its path: `optimizer.lr` → `configs/a.yaml:6:9`, `override optimizer.lr=0.1` or `default`. */
  sources: ConfigSources;
  /** The folder of the file, absolute: relative paths in `data` start there, whether the file or an override names them. */
  baseDir: string;
}

/**
 * Loads a file, `overrides` such as `data.batchSize=100` in place of what it says.
 * @throws ConfigError with everything that is wrong with it
 */
export function loadConfig(file: string, overrides: readonly string[] = []): LoadedConfig {
  const root = readRoot(readConfigFile(file), file);
  const issues = [...root.issues, ...applyOverrides(root.node, overrides)];
  const config = resolveConfig(root.node, issues, nameOf(file));
  return { config, sources: findSources(config, root.node), baseDir: dirname(resolve(file)) };
}

/**
 * Validates a config given as an object, as JSON or YAML text, or as a resolved config; `file` is what errors call a text.
 * @throws ConfigError with everything that is wrong with it
 */
export function parseConfig(source: unknown, { overrides = [], file = 'config' }: ParseOptions = {}): TrainConfig {
  const { node, issues } = typeof source === 'string' ? readRoot(source, file) : readObjectRoot(source);
  return resolveConfig(node, [...issues, ...applyOverrides(node, overrides)], DEFAULT_NAME);
}

/** How an object or text becomes a config. */
export interface ParseOptions {
  overrides?: readonly string[];
  /** What errors call a text. */
  file?: string;
}

function readRoot(text: string, file: string): { node: ConfigNode; issues: ConfigIssue[] } {
  const { root, issues } = readYaml(text, file);
  if (root !== undefined) return { node: root, issues };
  throwIssues(issues);
  throw new ConfigError([`${file}: expected a config in YAML, got an empty file; begin with name: my-run`]);
}

function readObjectRoot(value: unknown): { node: ConfigNode; issues: ConfigIssue[] } {
  const { root: node, issues } = readObject(value);
  return { node, issues };
}

/** The name of a file's runs is that of the file, where that can be one. */
function nameOf(file: string): string {
  const { data } = nameSchema.safeParse(basename(file).replace(/\.(?:ya?ml|json)$/i, ''));
  return data ?? DEFAULT_NAME;
}
