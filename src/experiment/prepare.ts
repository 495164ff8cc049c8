// A config → everything that is decided before training: data, model, plan, memory map, numbers of steps and workers. Coordinator.
import { availableParallelism } from 'node:os';
import type { TrainConfig } from '../config/train-config.ts';
import { type Dataset, type DatasetSpec, openDataset } from '../data/dataset.ts';
import { smallestShardRows, stepsPerEpoch } from '../data/sampler.ts';
import type { TrainingSpec } from '../engine/job.ts';
import { type MemoryMap, mapMemory } from '../engine/memory-map.ts';
import { type ResolvedNumerics, resolveNumerics } from '../kernels/wasm.ts';
import { buildModel, type Model, traceModel } from '../nn/build-model.ts';
import { customModel } from '../nn/custom-model.ts';
import { createOptimizer } from '../optim/optimizer.ts';
import { compilePlan } from '../plan/compile.ts';
import type { Plan } from '../plan/plan.ts';
import type { LoadedModel } from './load-model.ts';

/** A run that could begin: nothing large is allocated yet, and nothing is written. */
export interface PreparedRun {
  config: TrainConfig;
  numerics: ResolvedNumerics;
  dataset: Dataset;
  plan: Plan;
  /** Where the config's model is a module. */
  model: LoadedModel | undefined;
  map: MemoryMap;
  training: TrainingSpec;
  /** Names of the optimizer's state arrays. */
  states: readonly string[];
  cores: number;
  workers: number;
  batchSize: number;
  stepsPerEpoch: number;
  /** Null where the config gives `steps`. */
  epochs: number | null;
  totalSteps: number;
}

/** Seats are laid out for a few more workers than there are, so that a run may grow. */
const LEAST_SEATS = 8;

/** `workers: auto` is the cores that this process may use. */
export function resolveWorkers(config: TrainConfig): number {
  return config.workers === 'auto' ? availableParallelism() : config.workers;
}

/** What a run is prepared with beside its config. */
export interface PrepareOptions {
  /** What relative paths in the config start from. */
  baseDir: string;
  /** What `loadModel` has given for this config. */
  model?: LoadedModel;
}

/**
 * Opens the data, compiles the model and lays out memory.
 * @throws errors with `exitCode` 2 that say what in the config, the data or the model cannot be.
 */
export function prepareRun(config: TrainConfig, { baseDir, model }: PrepareOptions): PreparedRun {
  const cores = availableParallelism();
  const workers = resolveWorkers(config);
  const maxWorkers = config.maxWorkers === 'auto' ? Math.max(workers, cores, LEAST_SEATS) : config.maxWorkers;
  if (maxWorkers < workers) throw new WorkersError(workers, maxWorkers);
  const numerics = resolveNumerics(config.numerics);
  const dataset = openDataset(config.data, config.seed, baseDir);
  const training = describeTraining(config, dataset);
  const { batchSize } = training.sampler;
  const plan = compilePlan(buildConfigModel(config, dataset.spec, model), {
    numerics: numerics.numerics,
    microBatch: config.microBatch,
    largestShardRows: Math.ceil(batchSize / config.shards),
    smallestShardRows: smallestShardRows(training.sampler),
    dataset: dataset.spec,
  });
  const { states } = createOptimizer(config.optimizer);
  const map = mapMemory({
    plan,
    dataset: dataset.spec,
    parts: { train: training.sampler.trainSamples, validation: training.validationSamples, test: training.testSamples },
    shards: config.shards,
    workers,
    maxWorkers,
    stateCount: states.length,
    hasNorm: training.clipNorm !== null,
  });
  const steps = stepsPerEpoch(training.sampler);
  const epochs = config.epochs ?? null;
  const totalSteps = config.steps ?? (config.epochs ?? 0) * steps;
  return {
    config,
    numerics,
    dataset,
    plan,
    model,
    map,
    training,
    states,
    cores,
    workers,
    batchSize,
    stepsPerEpoch: steps,
    epochs,
    totalSteps,
  };
}

function buildConfigModel(config: TrainConfig, spec: DatasetSpec, loaded: LoadedModel | undefined): Model {
  if (typeof config.model !== 'string') return buildModel(config.model, config.loss, spec);
  if (loaded === undefined) throw new Error('model: expected its module to be loaded; this is a fault in lockstep');
  return traceModel(customModel(loaded), config.loss, spec);
}

function describeTraining(config: TrainConfig, { parts }: Dataset): TrainingSpec {
  const { batchSize, shuffle } = config.data;
  const trainSamples = parts.train.length;
  return {
    sampler: {
      seed: config.seed,
      trainSamples,
      batchSize: batchSize === 'full' ? trainSamples : Math.min(batchSize, trainSamples),
      shards: config.shards,
      isShuffled: shuffle,
    },
    validationSamples: parts.validation.length,
    testSamples: parts.test.length,
    optimizer: config.optimizer,
    clipNorm: config.clip?.norm ?? null,
  };
}

/** More workers than there are seats. */
class WorkersError extends Error {
  readonly exitCode = 2;

  constructor(workers: number, maxWorkers: number) {
    super(`workers: expected at most maxWorkers (${maxWorkers}), got ${workers}; raise maxWorkers or lower workers`);
  }
}
