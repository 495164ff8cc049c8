// A config → everything that is decided before training: data, model, plan, memory map, numbers of steps and workers. Coordinator.
import { availableParallelism } from 'node:os';
import type { TrainConfig } from '../config/train-config.ts';
import type { ClassPositions } from '../data/balanced-order.ts';
import { type Dataset, openDataset } from '../data/dataset.ts';
import type { TrainArrays } from '../data/memory-array.ts';
import { smallestShardRows, stepsPerEpoch } from '../data/sampler.ts';
import { hasNormPhase, type TrainingSpec } from '../engine/job.ts';
import { type MemoryMap, mapMemory } from '../engine/memory-map.ts';
import { streamShape } from '../engine/stream-shape.ts';
import type { Until } from '../engine/until.ts';
import { type ResolvedNumerics, resolveNumerics } from '../kernels/numerics.ts';
import { buildModel, type Model, traceModel } from '../nn/build-model.ts';
import { customModel } from '../nn/custom-model.ts';
import { createOptimizer } from '../optim/optimizer.ts';
import { scaleToBatch } from '../optim/reference-batch.ts';
import { frozenNames, planSegments } from '../optim/segments.ts';
import { describeStates, type StateArrays } from '../optim/states.ts';
import { compilePlan } from '../plan/compile.ts';
import type { Plan } from '../plan/plan.ts';
import { balancedClasses, resolveClassWeights } from './class-weights.ts';
import { describeMemory } from './describe-run.ts';
import { toldMetrics } from './experiment.schema.ts';
import type { LoadedModel } from './load-model.ts';
import { checkMemoryBudget } from './memory-budget.ts';
import { resolveNoiseScaleSteps } from './noise-scale.ts';

/** A run that could begin: nothing large is allocated yet, and nothing is written. */
export interface PreparedRun {
  config: TrainConfig;
  numerics: ResolvedNumerics;
  dataset: Dataset;
  plan: Plan;
  /** Names of the metrics that are told of the validation and test part. */
  metrics: readonly string[];
  /** Where the config's model is a module that was imported. */
  model: LoadedModel | undefined;
  /** Of the module that made the model, imported now or when the run began. */
  modelSha256: string | undefined;
  /** The training samples' positions by class, where they are sampled in balance. */
  classes?: ClassPositions;
  map: MemoryMap;
  training: TrainingSpec;
  /** The arrays of a generation behind the parameters. */
  states: StateArrays;
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
  /** What `data: { source: arrays }` trains on. */
  arrays?: TrainArrays;
  /** In place of the data that the config names. */
  dataset?: Dataset;
  /** A compiled model, as a checkpoint has it: nothing is traced, and no module is asked for. */
  stored?: StoredPlan;
}

/** A plan that was compiled when the run began, and the hash of the module that made it. */
export interface StoredPlan {
  plan: Plan;
  modelSha256: string | null;
}

/**
 * Opens the data, compiles the model and lays out memory.
 * @throws errors with `exitCode` 2 that say what in the config, the data or the model cannot be.
 */
export function prepareRun(config: TrainConfig, options: PrepareOptions): PreparedRun {
  const { baseDir, model, stored } = options;
  const cores = availableParallelism();
  const workers = resolveWorkers(config);
  const most = Math.max(workers, ...Object.values(config.workersAt ?? {}));
  const maxWorkers = config.maxWorkers === 'auto' ? Math.max(most, cores, LEAST_SEATS) : config.maxWorkers;
  if (maxWorkers < most) throw new WorkersError(most, maxWorkers);
  const numerics = resolveNumerics(config.numerics);
  const dataset = options.dataset ?? openDataset(config.data, config.seed, baseDir, options.arrays);
  const training = describeTraining(config, dataset);
  const classes = balancedClasses(config.data.sampling, dataset);
  const { batchSize } = training.sampler;
  const metrics = toldMetrics(config.evaluation);
  const compile = (): Plan =>
    compilePlan(buildConfigModel(config, dataset, metrics, model), {
      numerics: numerics.numerics,
      microBatch: config.microBatch,
      recompute: config.recompute,
      largestShardRows: Math.ceil(batchSize / config.shards),
      smallestShardRows: smallestShardRows(training.sampler),
      dataset: dataset.spec,
      isFrozen: frozenNames(training.optimizer),
    });
  const plan = stored?.plan ?? compile();
  const { needsWholeParameters = false } = createOptimizer(training.optimizer);
  // The workers plan them again: here for the refusal of groups that match nothing.
  planSegments({ ...plan, optimizer: training.optimizer, isByParameter: needsWholeParameters });
  const states = describeStates(training.optimizer, training.averaging);
  const map = mapMemory({
    plan,
    dataset: dataset.spec,
    parts: { train: training.sampler.trainSamples, validation: training.validationSamples, test: training.testSamples },
    shards: config.shards,
    workers,
    maxWorkers,
    stateCount: states.names.length,
    hasNorm: hasNormPhase(training),
    hasWholeRanges: needsWholeParameters,
    hasNoiseScale: training.noiseScaleSteps !== 0,
    ...(dataset.stream && { stream: streamShape(dataset.stream, batchSize) }),
  });
  checkMemoryBudget(config.memory, describeMemory({ map, workers }));
  return {
    config,
    numerics,
    dataset,
    plan,
    metrics,
    model,
    modelSha256: stored?.modelSha256 ?? model?.sha256,
    ...(classes && { classes }),
    map,
    training,
    states,
    cores,
    workers,
    batchSize,
    stepsPerEpoch: stepsPerEpoch(training.sampler),
    epochs: config.epochs ?? null,
    totalSteps: training.totalSteps,
  };
}

function buildConfigModel(
  config: TrainConfig,
  dataset: Dataset,
  metrics: readonly string[],
  loaded: LoadedModel | undefined,
): Model {
  const { spec } = dataset;
  const loss = resolveClassWeights(config.loss, dataset);
  if (typeof config.model !== 'string') return buildModel(config.model, loss, spec, metrics);
  if (loaded === undefined) throw new Error('model: expected its module to be loaded; this is a fault in lockstep');
  return traceModel(customModel(loaded), loss, spec, metrics);
}

function describeTraining(config: TrainConfig, { parts }: Dataset): TrainingSpec {
  const { batchSize, shuffle } = config.data;
  const trainSamples = parts.train.length;
  const sampler = {
    seed: config.seed,
    trainSamples,
    batchSize: batchSize === 'full' ? trainSamples : Math.min(batchSize, trainSamples),
    shards: config.shards,
    isShuffled: shuffle,
  };
  if (parts.validation.length === 0) refuseWithoutValidation(config);
  return {
    sampler,
    validationSamples: parts.validation.length,
    testSamples: parts.test.length,
    optimizer: scaleToBatch(config.optimizer, sampler.batchSize),
    schedule: config.schedule,
    totalSteps: config.steps ?? (config.epochs ?? 0) * stepsPerEpoch(sampler),
    clip: config.clip,
    averaging: config.averaging,
    until: describeUntil(config),
    noiseScaleSteps: resolveNoiseScaleSteps(config.logging.noiseScaleSteps),
    ...(config.ledger.everySteps !== 'off' && {
      ledger: { everySteps: config.ledger.everySteps, hasState: config.ledger.state },
    }),
  };
}

function describeUntil({ until }: TrainConfig): Until | null {
  if (until === undefined) return null;
  return { loss: until.loss ?? null, gradNorm: until.gradNorm ?? null, plateau: until.plateau ?? null };
}

/** What follows evaluations needs some to follow. */
function refuseWithoutValidation({ evaluation: { patience }, schedule }: TrainConfig): void {
  if (patience !== undefined) {
    throw new ValidationPartError(
      `evaluation.patience: expected a validation part to look at, got ${patience} without one; set data.validation or remove patience`,
    );
  }
  if (schedule?.name === 'reduceOnPlateau') {
    throw new ValidationPartError(
      'schedule: expected a validation part for reduceOnPlateau, got none; set data.validation or use another schedule',
    );
  }
}

/** A run that looks at a validation part and has none. */
class ValidationPartError extends Error {
  readonly exitCode = 2;
}

/** More workers than there are seats. */
class WorkersError extends Error {
  readonly exitCode = 2;

  constructor(workers: number, maxWorkers: number) {
    super(`workers: expected at most maxWorkers (${maxWorkers}), got ${workers}; raise maxWorkers or lower workers`);
  }
}
