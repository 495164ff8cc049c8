// A run's `faults`, those of LOCKSTEP_FAULTS and those of its caller → what shall go wrong where, in workers and on the disk. Coordinator;
// tests only.
import { parse } from 'yaml';
import { WRITER_FAULT_KINDS } from '../checkpoint/writer-faults.schema.ts';
import type { WriterFault } from '../checkpoint/writer-faults.ts';
import type { TrainConfig } from '../config/train-config.ts';
import { planFaults } from '../engine/fault-plan.ts';
import type { WorkerFaultConfig } from '../engine/faults.schema.ts';
import type { Fault } from '../engine/faults.ts';
import { type FaultsConfig, faultsSchema } from './faults.schema.ts';

/** LOCKSTEP_FAULTS that is no list of faults. */
class FaultsError extends Error {
  readonly exitCode = 2;
}

/** Those of workers. `steps`: of the whole run; what is drawn lies within it. */
export function injectedFaults(
  config: TrainConfig,
  bounds: { workers: number; steps: number },
  given: readonly Fault[] = [],
  environment = process.env.LOCKSTEP_FAULTS,
): Fault[] {
  const asked = askedFaults(config, environment).filter((fault): fault is WorkerFaultConfig => !isOfWriter(fault));
  return [...given, ...planFaults(asked, { ...bounds, hasNorm: config.clip?.norm !== undefined })];
}

/** Those of the disk, which the checkpoint writer meets. */
export function writerFaults(
  config: TrainConfig,
  given: readonly WriterFault[] = [],
  environment = process.env.LOCKSTEP_FAULTS,
): WriterFault[] {
  return [...given, ...askedFaults(config, environment).filter(isOfWriter)];
}

function isOfWriter(fault: FaultsConfig[number]): fault is WriterFault {
  return WRITER_FAULT_KINDS.some((kind) => kind === fault.kind);
}

function askedFaults(config: TrainConfig, environment: string | undefined): FaultsConfig {
  return [...((config.faults ?? []) as FaultsConfig), ...faultsOf(environment)];
}

function faultsOf(text: string | undefined): FaultsConfig {
  if (text === undefined || text === '') return [];
  const { data, error } = faultsSchema.safeParse(parseYaml(text));
  if (data !== undefined) return data;
  const { path, message } = error.issues[0];
  throw new FaultsError(
    `LOCKSTEP_FAULTS${path.map((key) => `.${String(key)}`).join('')}: expected ${message}, got ${text}; write it as the key faults of a config, such as [{ kind: kill, worker: 1, step: 3 }]`,
  );
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}
