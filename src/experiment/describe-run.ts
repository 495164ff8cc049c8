// A prepared run → the event that begins it: what `--dry-run` shows, and the header of a training. Coordinator; pure.
import { configSha256 } from '../config/config-hash.ts';
import { planSha256 } from '../plan/plan.ts';
import type { MemoryRow, StartEvent } from './events.ts';
import { planParallelism } from './parallelism.ts';
import type { PreparedRun } from './prepare.ts';
import { lockstepVersion } from './version.ts';

// Resident bytes of a Node 20 process with lockstep loaded, and of each worker thread with its heap and code (measured).
const PROCESS_BYTES = 81e6;
const THREAD_BYTES = 15.5e6;

/** What a run is going to be. */
export function describeRun(run: PreparedRun, runFolder: string | null): StartEvent {
  const { config, plan, numerics, dataset, workers, batchSize } = run;
  const { parts } = dataset;
  return {
    type: 'start',
    version: lockstepVersion(),
    name: config.name,
    runFolder,
    node: process.versions.node,
    cores: run.cores,
    numerics: numerics.numerics,
    backend: numerics.identity,
    workers,
    ...(config.workers === 'auto' && workers > 1 && { isWorkersAuto: true }),
    shards: config.shards,
    batchSize,
    microBatch: plan.rows,
    parameters: countParameters(run),
    layers: plan.layers,
    samples: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    stepsPerEpoch: run.stepsPerEpoch,
    epochs: run.epochs,
    steps: run.totalSteps,
    memory: describeMemory(run),
    parallelism: planParallelism(config.shards, workers, batchSize),
    ...(run.model && { modelFile: run.model.path }),
    configSha256: configSha256(config, numerics.numerics, run.modelSha256),
    planSha256: planSha256(plan),
  };
}

/** Trainable numbers of the model. */
export function countParameters({ plan }: PreparedRun): number {
  return plan.parameters.reduce((sum, { elements }) => sum + elements, 0);
}

/** What the run takes, region by region: of shared memory, of the checkpoint writer (a copy that is written, one that waits), of Node. */
export function describeMemory({ map, workers }: Pick<PreparedRun, 'map' | 'workers'>): MemoryRow[] {
  const copyBytes = map.arrayBytes * (1 + map.stateCount + (map.hasBest ? 1 : 0));
  const bytes = PROCESS_BYTES + (workers + 1) * THREAD_BYTES;
  const own = (region: string, allocatedBytes: number, residentBytes: number) => {
    return { region, allocatedBytes, residentBytes, isShared: false };
  };
  return [
    ...map.rows.map((row) => ({ ...row, isShared: true })),
    own('checkpoint copies', 2 * copyBytes, copyBytes),
    own('node and its threads', bytes, bytes),
  ];
}
