// What a training run tells the outside, as plain data: the coordinator makes these, `--json` and the terminal show them.

import type { LeftOut } from '../data/source.ts';
import type { WorkerRecovery } from '../engine/recovery.ts';
import type { Plan } from '../plan/plan.ts';
import type { FoldFigures, FoldSummary } from './fold-summary.ts';
import type { MetricValue } from './metric-values.ts';
import type { Straggler } from './straggler.ts';
import type { WorkerMeasurement } from './worker-choice.ts';

/** Where a step's time goes, in ms a step, means over the workers; the seven parts sum to the step. */
export interface PhaseMs {
  gather: number;
  forward: number;
  backward: number;
  /** The tree sums (with clipping: what the NORM phase took). */
  reduce: number;
  /** The optimizer, and the tree sums where one kernel does both. */
  update: number;
  /** All waiting but the gate's. */
  wait: number;
  /** Parked at the gate. */
  coordinator: number;
}

/** The phases in the order in which they are shown and written. */
export const PHASE_NAMES = ['gather', 'forward', 'backward', 'reduce', 'update', 'wait', 'coordinator'] as const;

/** One region of memory: what the map reserves and what of it the run will touch. */
export interface MemoryRow {
  region: string;
  allocatedBytes: number;
  residentBytes: number;
  /** True for a region of the one shared WebAssembly.Memory, false for Node's own part. */
  isShared: boolean;
}

/** How much of `workers` the fixed number of shards lets work at once. @see parallelism.ts */
export interface Parallelism {
  /** The most that `workers` can be faster than one: V / ⌈V/N⌉. */
  ceiling: number;
  /** The same as a share of N: V / (N·⌈V/N⌉). */
  efficiencyCeiling: number;
  /** Workers that never get a shard. */
  idleWorkers: number;
  /** A number of shards that would keep all workers busy, where the ceiling is below 0.9; it changes the mathematics. */
  betterShards: number | null;
}

/** Everything is loaded, planned and allocated; the first step is next. */
export interface StartEvent {
  type: 'start';
  /** lockstep's own version. */
  version: string;
  name: string;
  /** As given to `train`, relative to the working directory where it was; null in a dry run. */
  runFolder: string | null;
  node: string;
  cores: number;
  numerics: 'portable' | 'fast';
  /** Backend identity, such as `wasm-simd`. */
  backend: string;
  workers: number;
  /** True where the first steps measure how many of the workers train. */
  isWorkersAuto?: boolean;
  shards: number;
  batchSize: number;
  microBatch: number;
  parameters: number;
  layers: Plan['layers'];
  samples: { train: number; validation: number; test: number };
  stepsPerEpoch: number;
  /** Null where the config gives `steps`. */
  epochs: number | null;
  steps: number;
  memory: MemoryRow[];
  parallelism: Parallelism;
  /** The absolute path of the module that makes the model, where there is one: it is code that was run. */
  modelFile?: string;
  configSha256: string;
  planSha256: string;
}

/**
 * A window of steps, at most 20 windows a second; numbers are means over the window. NaN and ±Infinity are null in JSON. The noise scale is
 * that of the run so far, smoothed; absent before its first estimate.
 */
export interface StepEvent extends Partial<NoiseFigures> {
  type: 'step';
  /** The window's last step, counted from 0. */
  step: number;
  /** The last step's epoch, counted from 0. */
  epoch: number;
  /** Steps in the window. */
  steps: number;
  loss: number;
  lr: number;
  /** Of the scaled, reduced gradient; null where the run has no use for it (no clipping). */
  gradNorm: number | null;
  samplesPerSecond: number;
  stepMs: number;
  phases: PhaseMs;
  /** Of data that is streamed: µs a step that workers waited for samples, a part of `phases.wait`. */
  sampleWaitUs?: number;
}

/** How much the gradients of single samples differ, against what they have in common (arXiv:1812.06162). */
export interface NoiseFigures {
  /** tr(Σ) / |𝒢|², in samples: the global batch that is worth twice its steps; null where |𝒢|² is not told from 0. */
  noiseScale: number | null;
  /** tr(Σ): the sum over the parameters of the variance of a sample's gradient. */
  gradVariance: number;
  /** |𝒢|²: the square of the norm of the gradient over all data. */
  gradSquared: number;
  /** Steps that they are from. */
  noiseEstimates: number;
}

/** An epoch is done and, where it was due, evaluated. */
export interface EpochEvent {
  type: 'epoch';
  /** Epochs done, so 1 after the first. */
  epoch: number;
  /** Steps done over the whole run. */
  step: number;
  trainLoss: number;
  trainMetric: number;
  validationLoss?: number;
  validationMetric?: number;
  /** The metrics of `evaluation.metrics`; a number that is none is null in JSON. */
  validationMetrics?: Record<string, MetricValue>;
  /** What the metrics are: `accuracy`, `mse`, … */
  metric: string;
  lr: number;
  /** Of this epoch's training steps, without evaluation. */
  samplesPerSecond: number;
  /** Median of this epoch's steps. */
  stepMs: number;
  /** Wall time of this epoch, evaluation included. */
  seconds: number;
  isBest: boolean;
}

/** Something that a person should read. */
export interface NoticeEvent {
  type: 'notice';
  level: 'info' | 'warning';
  message: string;
}

/** A worker was lost; what it had claimed is done by others, and a new one takes its seat. One line in metrics.jsonl too. */
export interface RecoveryEvent extends WorkerRecovery {
  type: 'recovery';
}

/** The number of workers changes; the bits do not. */
export interface ResizeEvent {
  type: 'resize';
  /** Steps that were done. */
  step: number;
  from: number;
  to: number;
}

/** A worker is slower than the others: told once, in metrics.jsonl too. */
export interface StragglerEvent extends Straggler {
  type: 'straggler';
  /** Steps that were done. */
  step: number;
}

/** `workers: auto` has chosen how many train from here on; the bits are the same with any. */
export interface WorkersEvent {
  type: 'workers';
  workers: number;
  /** Threads that there are. */
  of: number;
  /** The median step with each number of workers that was tried; empty where none was. */
  measured: WorkerMeasurement[];
  /** Why nothing was measured. */
  reason?: string;
}

/** A checkpoint is on disk. */
export interface CheckpointEvent {
  type: 'checkpoint';
  /** Steps done: the next one is this. */
  step: number;
  path: string;
  bytes: number;
  /** From the begin of hashing until the folder is flushed; training goes on meanwhile. */
  writeMs: number;
  /** How long the last copied generation was held: training waits for no longer than that. */
  heldMs: number;
  /** Copies so far that a newer one took the place of, before they were written. */
  replaced: number;
}

/** For the live bar only: about ten a second, never written, never printed as JSON. */
export interface ProgressEvent {
  type: 'progress';
  /** Epochs done, so 0 during the first. */
  epoch: number;
  /** Steps done in this epoch. */
  stepInEpoch: number;
  stepsPerEpoch: number;
  loss: number;
  samplesPerSecond: number;
}

/** The epoch with the best validation metric; its test figures are of `weights/best`. */
export interface BestEpoch {
  epoch: number;
  validationLoss: number;
  /** The value of `evaluation.metric`. */
  metric: number;
  /** Its name, where it is neither the accuracy nor the loss. */
  metricName?: string;
  testLoss?: number;
  testAccuracy?: number;
  testMetrics?: Record<string, MetricValue>;
}

/** The keys that end a run early. */
export type EndedBy = 'until.loss' | 'until.gradNorm' | 'until.plateau' | 'evaluation.patience';

/** What `summary.json` holds. A figure that a failed or stopped run never had is null. */
export interface Summary {
  status: 'done' | 'stopped' | 'failed';
  /** The one-line reason of a failed run. */
  error?: string;
  /** What ended the run before its length was over: the key of the config that says so. */
  endedBy?: EndedBy;
  name: string;
  version: string;
  steps: number;
  epochs: number;
  /** Steps whose loss had a denominator of 0. */
  skippedSteps: number;
  samplesSeen: number;
  /** Rows of the data that are no samples, as they do not fit or miss cells; absent where none was left out. */
  leftOut?: LeftOut;
  workers: number;
  /** Workers that were lost and replaced; absent where none was. */
  recoveries?: number;
  /** The worker that was slower than the others by half; absent where none was. */
  straggler?: Straggler;
  shards: number;
  batchSize: number;
  numerics: 'portable' | 'fast';
  backend: string;
  parameters: number;
  trainLoss: number | null;
  validationLoss: number | null;
  /** Of `weights/last`. */
  testLoss: number | null;
  testAccuracy: number | null;
  /** The metrics of `evaluation.metrics`, of `weights/last`; absent where none are asked for or the part is not there. */
  validationMetrics?: Record<string, MetricValue>;
  testMetrics?: Record<string, MetricValue>;
  /** Absent where there is no validation part. */
  best?: BestEpoch;
  /** Where the run was gone on with from a checkpoint, and what was changed then; absent where it never was. */
  resumes?: { step: number; workers: number; backend: string; changes: string[] }[];
  /** Where the run is one of folds (`data.folds`): each of those that were begun. */
  folds?: FoldSummary[];
  /** Over the folds, where all of them are done; the figures above are these means too. */
  mean?: FoldFigures;
  /** The standard deviation over the folds, n − 1 in its denominator. */
  deviation?: FoldFigures;
  /** Training steps only: without start, evaluation and the first 5 % of the steps. */
  samplesPerSecond: number | null;
  stepMs: { median: number; p95: number } | null;
  phaseMs: PhaseMs | null;
  /** Of data that is streamed: what workers waited for samples. */
  sampleWait?: { usPerStep: number; share: number };
  /** Absent where too few steps gave an estimate; the advice is what a person should read. */
  noise?: NoiseFigures & { advice: string };
  peakRssBytes: number;
  weightsSha256: string | null;
  stateSha256: string | null;
  planSha256: string | null;
  configSha256: string;
  durationMs: number;
  node: string;
  cpu: string;
}

/** The run is over and its folder complete. */
export interface EndEvent {
  type: 'end';
  summary: Summary;
  runFolder: string;
}

/** The next fold of a run of folds: the events that follow are of its training. */
export interface FoldEvent {
  type: 'fold';
  /** Counted from 1. */
  fold: number;
  of: number;
}

/** A fold is over, in this run or before it was gone on with; its folder is complete. */
export interface FoldEndEvent {
  type: 'foldEnd';
  fold: number;
  of: number;
  summary: Summary;
  runFolder: string;
}

/** The events that `--json` prints, one a line. */
export type TrainEvent =
  | FoldEvent
  | FoldEndEvent
  | StartEvent
  | WorkersEvent
  | ResizeEvent
  | RecoveryEvent
  | StragglerEvent
  | StepEvent
  | EpochEvent
  | CheckpointEvent
  | NoticeEvent
  | EndEvent;
