// What the coordinator sends a worker, once: the memory, the kernels, the plan and the rules of the training. Plain data.
import type { SamplerSpec } from '../data/sampler.ts';
import type { BlasChoice } from '../kernels/blas-library.ts';
import type { WasmBuild } from '../kernels/wasm.ts';
import type { AveragingConfig, ClipConfig, OptimizerConfig } from '../optim/optim.schema.ts';
import type { ScheduleConfig } from '../optim/schedule.schema.ts';
import type { Fault } from './faults.ts';
import type { MemoryMap } from './memory-map.ts';
import type { Words } from './protocol-words.ts';
import type { Until } from './until.ts';

/** The mathematics beside the plan. */
export interface TrainingSpec {
  sampler: SamplerSpec;
  /** Samples in the parts that are evaluated. */
  validationSamples: number;
  testSamples: number;
  /** Its learning rates are for the run's global batch already. */
  optimizer: OptimizerConfig;
  schedule?: ScheduleConfig;
  /** The steps of the whole run: schedules that name no length end with it. */
  totalSteps: number;
  clip?: ClipConfig;
  averaging?: AveragingConfig;
  /** Null where the run has its whole length. */
  until: Until | null;
  /** Every so many steps the shards' gradients give an estimate of the noise scale; 0 or absent: never. It changes no weight. */
  noiseScaleSteps?: number;
  /** Absent where there is none. */
  ledger?: LedgerSpec;
}

/** Whether `step` gives an estimate of the noise scale: a pure function, so that all workers agree. */
export function hasNoiseEstimate({ noiseScaleSteps = 0 }: TrainingSpec, step: number): boolean {
  return noiseScaleSteps > 0 && step % noiseScaleSteps === 0;
}

/** Which steps the ledger has a row of, and whether their optimizer state is hashed too. */
export interface LedgerSpec {
  everySteps: number;
  hasState: boolean;
}

/** Whether the ledger has a row of a step: its gradient and weights are hashed then. */
export function hasLedgerRow(ledger: LedgerSpec | undefined, step: number): boolean {
  return ledger !== undefined && (step + 1) % ledger.everySteps === 0;
}

/** Whether a step has the phase NORM, which the global norm needs before any update. */
export function hasNormPhase({ clip }: TrainingSpec): boolean {
  return clip?.norm !== undefined;
}

/** The argument of a worker's one task; it lasts as long as the worker does. */
export interface WorkerJob {
  seat: number;
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  build: WasmBuild;
  /** The library for large products, which every worker loads itself. */
  blas?: BlasChoice;
  /** Bytes of `packPlan`. */
  plan: Uint8Array;
  map: MemoryMap;
  training: TrainingSpec;
  /** How often a worker looks at the bell before it sleeps; 0 where there are more workers than cores. */
  spinTurns: number;
  faults: readonly Fault[];
}

/** What a thread of the empty step works on: control words alone, no samples and no weights. */
export interface EmptyStepJob {
  words: Words;
  memory64: SharedArrayBuffer;
  memory32: SharedArrayBuffer;
  seat: number;
  spinTurns: number;
}
