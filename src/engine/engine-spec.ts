// What an engine is given and what it gives back. Types only; the coordinator's thread.
import type { ClassPositions } from '../data/balanced-order.ts';
import type { BlasChoice } from '../kernels/blas-library.ts';
import type { WasmBuild } from '../kernels/wasm.ts';
import type { Plan } from '../plan/plan.ts';
import type { Fault } from './faults.ts';
import type { TrainingSpec } from './job.ts';
import type { MemoryMap } from './memory-map.ts';
import type { WorkerPool } from './pool.ts';
import type { RecoveryRules, WorkerRecovery } from './recovery.ts';
import type { CommittedStep } from './step-records.ts';
import type { LeastLoss } from './until.ts';

/** A part of the samples, and the weights that it is evaluated with. */
export type Evaluation = 'validate' | 'test' | 'testBest';

/** The loss and metric sums of an evaluation. */
export interface EvaluationTotals {
  lossNumerator: number;
  denominator: number;
  correct: number;
  /** Labels that count. */
  counted: number;
  /** All of them, those of metrics behind the loss's. */
  cells: readonly number[];
}

/** What an engine works on; the memory holds samples and initial weights already. */
export interface EngineSpec {
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  build: WasmBuild;
  blas?: BlasChoice;
  plan: Plan;
  map: MemoryMap;
  training: TrainingSpec;
  /** Ids of the training samples; position p of an epoch's order names trainIds[p]. */
  trainIds: Uint32Array;
  /** Positions by class, where an epoch has each class equally often in place of each sample once. */
  classes?: ClassPositions;
  pool: WorkerPool;
  /** Cores that the process may use: with more workers than that nobody spins. */
  cores: number;
  faults?: readonly Fault[];
  /** How many workers may be lost, and after how long one is called stuck. */
  recovery?: RecoveryRules;
  onStep: (record: CommittedStep) => void;
  /** A worker was lost and its seat is taken again. */
  onRecovery?: (recovery: WorkerRecovery) => void;
  /** Where the run begins, if not at step 0: the memory holds the state of that step in generation step & 1. */
  start?: EngineStart;
  /** Brings the samples of a stream; absent where all samples are in memory. */
  loader?: StreamLoader;
}

/** A thread that brings the samples of coming steps, as the engine needs it. */
export interface StreamLoader {
  /** Starts it; `onFailure` is called once where it cannot go on. */
  start(onFailure: (error: Error) => void): void;
  stop(): Promise<void>;
}

/** The step of a state that a run goes on from, and what its words and cells remember. */
export interface EngineStart {
  step: number;
  /** What evaluations have made of the learning rate so far. */
  lrFactor: number;
  leastLoss: LeastLoss;
}

/** What a seat's workers have done. */
export interface ShardTimes {
  worker: number;
  shards: number;
  totalMs: number;
}
