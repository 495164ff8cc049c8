// A compiled model as plain data: kernel calls, buffers and parameters; to bytes and back, in any thread.
import { createHash } from 'node:crypto';
import { metricCells } from '../graph/ops/evaluation-sums.ts';
import type { Initializer } from '../graph/ops/parameter.ts';
import type { KernelName } from '../kernels/kernel-set.ts';
import type { LossMetric } from '../nn/losses.ts';
import type { PlanMetric } from './evaluation-graph.ts';
import { packr } from './pack.ts';

/**
 * What an argument may depend on when the plan runs: the index into the interpreter's `env`.
 * `zero` always holds 0. `rows` is the micro-batch's sample count, `accumulate` 0 for the shard's first micro-batch and 1 after it.
 * All others are byte addresses; `parameters` is of the generation read, `gradients` of the shard's own gradient buffer,
 * `ids` of the micro-batch's first sample id (u32), `inputs` and `targets` of the dataset's arrays, `sums` of the f64 cells,
 * `scores` of what an evaluation keeps of the micro-batch's first sample, `batchIds` of the global batch's first sample id, of which there
 * are `batchCount`. `step`, `epoch` and the two halves of the seed are what random numbers are made of; `epoch` and the global batch are
 * set in training only.
 */
export const ENV = {
  zero: 0,
  rows: 1,
  accumulate: 2,
  parameters: 3,
  gradients: 4,
  activations: 5,
  scratch: 6,
  constants: 7,
  ids: 8,
  inputs: 9,
  targets: 10,
  sums: 11,
  step: 12,
  seedLow: 13,
  seedHigh: 14,
  scores: 15,
  epoch: 16,
  batchIds: 17,
  batchCount: 18,
} as const;

/** How many numbers the interpreter's `env` holds. */
export const ENV_LENGTH = 19;

/** Parameters start at multiples of this many elements (64 bytes, a cache line). */
export const PARAMETER_ALIGNMENT_ELEMENTS = 16;

/** One argument of a kernel call: `env[slot] * multiplier + offset`; an immediate is `[ENV.zero, 0, value]`. */
export type Arg = readonly [slot: number, multiplier: number, offset: number];

/**
 * One kernel call; the label says for whom and with which shapes, as in `dense1 (rows,784)·(784,512) +bias relu`. `out` is the tensor
 * that its op computes, where it has one: what is looked at where a run has met a NaN.
 */
export interface Call {
  kernel: KernelName;
  args: Arg[];
  label: string;
  out: CallOutput | null;
}

/** A tensor's address, its layer, and how many elements it has: a sample's, or all where `isBatched` is false. */
export interface CallOutput {
  layer: string;
  at: Arg;
  elements: number;
  isBatched: boolean;
}

/** A parameter's place: the same element offset in the weights, in every gradient buffer and in the optimizer's state. */
export interface PlanParameter {
  name: string;
  layer: string;
  shape: number[];
  elementOffset: number;
  elements: number;
  initializer: Initializer;
}

/**
 * A running statistic's place, behind all parameters in the same arrays. In a shard's gradient buffer lies the shard's value times its
 * number of samples; a step moves the statistic by `momentum` towards the mean over the global batch.
 */
export interface PlanStatistic {
  name: string;
  layer: string;
  shape: number[];
  elementOffset: number;
  elements: number;
  initialValue: number;
  momentum: number;
}

/**
 * A stretch of the activations region during training, at the plan's largest row count, and the tensor it is made for: what is
 * computed in place over that tensor lies there too. It is in use from its first to its last call, both included, counted over gather,
 * forward, backward.
 */
export interface PlanBuffer {
  name: string;
  shape: string;
  byteOffset: number;
  byteLength: number;
  firstCall: number;
  lastCall: number;
}

/** A row of the model table. */
export interface PlanLayer {
  name: string;
  kind: string;
  outputShape: number[];
  parameters: number;
}

/** The whole plan: safe for msgpackr and JSON, the same for every worker count, read by the interpreter without any model code. */
export interface Plan {
  version: 1;
  numerics: 'portable' | 'fast';
  /** Micro-batch: the most rows of one forward and backward pass; the addresses are made for it. */
  rows: number;
  parameters: PlanParameter[];
  statistics: PlanStatistic[];
  /** All parameters and statistics, each padded to a multiple of 16 elements. */
  parameterElements: number;
  /** Names of the f64 cells that the loss kernel adds to. */
  sums: string[];
  metric: LossMetric;
  /** What an evaluation sums, or keeps, beside the loss; absent where no metric asks for it. */
  metrics?: PlanMetric[];
  /** The constants region as i32 words. */
  constants: number[];
  buffers: PlanBuffer[];
  /** Bytes of the activations region: enough for training and for evaluation. */
  activationBytes: number;
  scratchBytes: number;
  /** What evaluation uses of the activations region. */
  evaluationActivationBytes: number;
  layers: PlanLayer[];
  train: { gather: Call[]; forward: Call[]; backward: Call[] };
  evaluate: { gather: Call[]; forward: Call[] };
}

/** How many f64 cells an evaluation has: the loss's, then the metrics'. */
export function evaluationCells({ sums, metrics = [] }: Pick<Plan, 'sums' | 'metrics'>): number {
  return metrics.reduce((cells, metric) => cells + metricCells(metric), sums.length);
}

/** How many scores an evaluation keeps of a sample; 0 where none. */
export function scoresPerSample({ metrics = [] }: Pick<Plan, 'metrics'>): number {
  return metrics.reduce((scores, metric) => scores + (metric.kind === 'scores' ? metric.perSample : 0), 0);
}

/** The SHA-256 (hex) of the plan's canonical bytes: JSON with sorted keys, so that key order does not matter. */
export function planSha256(plan: Plan): string {
  return createHash('sha256').update(canonicalJson(plan)).digest('hex');
}

/** The plan as MessagePack bytes, made by the coordinator for its workers and for checkpoints. */
export function packPlan(plan: Plan): Uint8Array {
  return packr.pack(plan);
}

/**
 * The plan out of `packPlan`'s bytes.
 * @throws where the bytes hold no plan of this version.
 */
export function unpackPlan(bytes: Uint8Array): Plan {
  const plan = packr.unpack(bytes) as Plan;
  if (plan?.version !== 1) {
    throw new Error(`plan: expected version 1, got ${plan?.version}; compile the model again with this lockstep`);
  }
  return plan;
}

// Numbers print as the shortest text that reads back to the same double (ECMA-262, Number::toString): equal bits, equal text.
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`plan: expected finite numbers, got ${value}; NaN and infinities have no canonical form`);
  }
  return JSON.stringify(value);
}
