// minimal, to be replaced
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { DEFAULT_EPOCHS } from '../experiment/experiment.schema.ts';
import { configSchema, type TrainConfig } from './config-schema.ts';

export class ConfigError extends Error {
  readonly exitCode = 2;
}
export function parseConfig(keys: any): TrainConfig {
  const result = configSchema.safeParse(JSON.parse(JSON.stringify(keys)));
  if (!result.success) throw new ConfigError(result.error.message);
  const config: any = result.data;
  if (config.epochs === undefined && config.steps === undefined) config.epochs = DEFAULT_EPOCHS;
  const isClass = config.loss === 'crossEntropy';
  const metric = config.evaluation.metric === 'auto' ? (isClass ? 'accuracy' : 'loss') : config.evaluation.metric;
  return { ...config, evaluation: { ...config.evaluation, metric, mode: metric === 'loss' ? 'min' : 'max' } };
}
export function loadConfig(file: string, overrides: string[] = []): { config: TrainConfig; sources: any; baseDir: string } {
  const keys = parse(readFileSync(file, 'utf8'));
  for (const override of overrides) {
    const at = override.indexOf('=');
    const path = override.slice(0, at).split('.');
    let target = keys;
    for (const key of path.slice(0, -1)) target = target[key] ??= {};
    target[path[path.length - 1]] = parse(override.slice(at + 1));
  }
  return { config: parseConfig(keys), sources: {}, baseDir: dirname(file) };
}
