// A run's `faults`, those of LOCKSTEP_FAULTS and those of its caller → what shall go wrong where. Coordinator; tests only.
import { parse } from 'yaml';
import type { TrainConfig } from '../config/train-config.ts';
import { planFaults } from '../engine/fault-plan.ts';
import { type FaultsConfig, faultsSchema } from '../engine/faults.schema.ts';
import type { Fault } from '../engine/faults.ts';
import { isOfWriter } from './writer-faults.ts';

/** LOCKSTEP_FAULTS that is no list of faults. */
class FaultsError extends Error {
  readonly exitCode = 2;
}

/** `steps`: of the whole run; what is drawn lies within it. */
export function injectedFaults(
  config: TrainConfig,
  bounds: { workers: number; steps: number },
  given: readonly Fault[] = [],
  environment = process.env.LOCKSTEP_FAULTS,
): Fault[] {
  const asked = [...((config.faults ?? []) as FaultsConfig), ...faultsOf(environment)];
  return [...given, ...planFaults(asked, { ...bounds, hasNorm: config.clip?.norm !== undefined })];
}

function faultsOf(text: string | undefined): FaultsConfig {
  if (text === undefined || text === '') return [];
  const { data, error } = faultsSchema.safeParse(withoutWriters(parseYaml(text)));
  if (data !== undefined) return data;
  const { path, message } = error.issues[0];
  throw new FaultsError(
    `LOCKSTEP_FAULTS${path.map((key) => `.${String(key)}`).join('')}: expected ${message}, got ${text}; write it as the key faults of a config, such as [{ kind: kill, worker: 1, step: 3 }]`,
  );
}

/** Faults of the disk are the checkpoint writer's (`writer-faults.ts`). */
function withoutWriters(asked: unknown): unknown {
  return Array.isArray(asked) ? asked.filter((item) => !isOfWriter(item)) : asked;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}
