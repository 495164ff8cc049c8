// A model, samples and the rules of a training → its shared memory and the two phases of a step, driven by this thread.
import { epochOrder, type SamplerSpec, stepBatch } from '#src/data/sampler.js';
import type { DatasetSpec } from '#src/data/source.js';
import { hasNormPhase, type TrainingSpec } from '#src/engine/job.js';
import { type MemoryMap, mapMemory } from '#src/engine/memory-map.js';
import { PhaseClock } from '#src/engine/phase-clock.js';
import { initializeWords, PHASE, slotWord } from '#src/engine/protocol-words.js';
import { RangePhase } from '#src/engine/range-phase.js';
import { ShardPhase } from '#src/engine/shard-phase.js';
import { attachViews, type SharedViews } from '#src/engine/shared-views.js';
import type { KernelSet } from '#src/kernels/kernel-set.js';
import { buildModel } from '#src/nn/build-model.js';
import type { LayerConfig, LossName } from '#src/nn/nn.schema.js';
import type { AveragingConfig, OptimizerConfig } from '#src/optim/optim.schema.js';
import { createOptimizer } from '#src/optim/optimizer.js';
import type { ScheduleConfig } from '#src/optim/schedule.schema.js';
import { describeStates } from '#src/optim/states.js';
import { compilePlan } from '#src/plan/compile.js';
import type { Plan } from '#src/plan/plan.js';
import { type Backend, openKernels, type Samples } from '../plan/plan-bench.ts';

const WASM_PAGE_BYTES = 65_536;

/** What a bench is made of; the first samples are the training part, then validation, then test. */
export interface BenchSpec {
  backend: Backend;
  layers: LayerConfig[];
  loss: LossName;
  samples: Samples;
  validationSamples?: number;
  testSamples?: number;
  shards: number;
  batchSize: number;
  microBatch?: 'auto' | number;
  isShuffled?: boolean;
  optimizer?: OptimizerConfig;
  clipNorm?: number | null;
  clipValue?: number;
  averaging?: AveragingConfig;
  schedule?: ScheduleConfig;
  totalSteps?: number;
  noiseScaleSteps?: number;
  /** Seats in memory; two at least, as the bench uses two itself. */
  seats?: number;
}

/** The plan of a bench: the same for every backend. */
export function compileBench({ layers, loss, samples, shards, batchSize, microBatch = 'auto' }: BenchSpec): Plan {
  return compilePlan(buildModel(layers, loss, samples.spec), {
    numerics: 'portable',
    microBatch,
    largestShardRows: Math.ceil(batchSize / shards),
    dataset: samples.spec,
  });
}

/** The memory of a run, and what the workers in its first two seats do. */
export class PhaseBench {
  readonly plan: Plan;
  readonly map: MemoryMap;
  readonly training: TrainingSpec;
  readonly memory: WebAssembly.Memory;
  readonly views: SharedViews;
  readonly kernels: KernelSet;
  /** By seat. */
  readonly shards: readonly ShardPhase[];
  readonly ranges: readonly RangePhase[];

  constructor(spec: BenchSpec) {
    this.plan = compileBench(spec);
    this.training = describeTraining(spec);
    this.map = mapBench(spec, this.plan, this.training);
    const pages = this.map.byteLength / WASM_PAGE_BYTES;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.views = attachViews(this.memory, this.map);
    initializeWords(this.map.words, this.views.words64, this.views.words32, 0);
    this.kernels = openKernels(spec.backend, this.memory);
    this.#fill(spec.samples);
    const { plan, kernels, map, views, training, memory } = this;
    const clocks = [0, 1].map((seat) => new PhaseClock(views.seatCells(seat)));
    this.shards = clocks.map((clock, seat) => new ShardPhase(plan, kernels, map, views, training, clock, seat));
    this.ranges = clocks.map((clock, seat) => new RangePhase(plan, kernels, memory, map, views, training, clock, seat));
  }

  get sampler(): SamplerSpec {
    return this.training.sampler;
  }

  /** Array 0 of a generation is the parameters, the others are the optimizer's states. */
  generation(step: number, array = 0): Float32Array {
    const { generations, arrayBytes } = this.map;
    return this.floats(generations[step & 1] + array * arrayBytes, arrayBytes / 4);
  }

  gradient(buffer: number): Float32Array {
    const { gradients, gradientStride } = this.map;
    return this.floats(gradients + buffer * gradientStride, this.plan.parameterElements);
  }

  /** The elements of `array` that belong to a parameter; without a name those that belong to any. */
  valuesOf(array: Float32Array, name?: string): number[] {
    const parameters = this.plan.parameters.filter((parameter) => name === undefined || parameter.name === name);
    return parameters.flatMap(({ elementOffset, elements }) => [
      ...array.subarray(elementOffset, elementOffset + elements),
    ]);
  }

  /** Sets every element of `array` that belongs to a parameter, in order; the padding between them stays 0. */
  setValues(array: Float32Array, valueAt: (index: number) => number, name?: string): void {
    let index = 0;
    for (const parameter of this.plan.parameters) {
      if (name !== undefined && parameter.name !== name) continue;
      for (let i = 0; i < parameter.elements; i++) array[parameter.elementOffset + i] = valueAt(index++);
    }
  }

  floats(byteOffset: number, elements: number): Float32Array {
    return new Float32Array(this.memory.buffer, byteOffset, elements);
  }

  /** A copy of bytes, to compare with later ones. */
  bytes(byteOffset: number, length: number): Buffer {
    return Buffer.from(new Uint8Array(this.memory.buffer, byteOffset, length));
  }

  publish(step: number, shard: number, buffer: number): void {
    this.views.words64[this.map.words.slots + shard] = slotWord(step, buffer);
  }

  /** Every shard of a step into the buffer that `bufferOf` names, all published. */
  runShards(step: number, bufferOf: (shard: number) => number = (shard) => shard): void {
    const { epoch } = stepBatch(this.sampler, step);
    if (epoch >= this.map.orderCount) this.#writeOrder(epoch);
    for (let shard = 0; shard < this.map.shards; shard++) {
      this.shards[shard % 2].run(step, shard, bufferOf(shard), () => false);
      this.publish(step, shard, bufferOf(shard));
    }
  }

  /** All ranges: NORM where the run clips, then UPDATE. */
  runRanges(step: number, seatOf: (range: number) => number = () => 0): void {
    for (const phase of this.map.words.hasNorm ? [PHASE.norm, PHASE.update] : [PHASE.update]) {
      for (let r = 0; r < this.map.ranges.count; r++) this.ranges[seatOf(r)].run(step, phase, r);
    }
  }

  /** As the session and the engine do it. */
  #fill({ spec, inputs, targets }: Samples): void {
    const { buffer } = this.memory;
    const { map, plan, training } = this;
    new Int32Array(buffer, map.constants, plan.constants.length).set(plan.constants);
    viewSamples(buffer, spec.input.storage, map.inputs, inputs.length).set(inputs);
    viewSamples(buffer, spec.target.storage, map.targets, targets.length).set(targets);
    const { trainSamples } = training.sampler;
    for (let epoch = 0; epoch < map.orderCount; epoch++) this.#writeOrder(epoch);
    const firstTest = trainSamples + training.validationSamples;
    const idsFrom = (at: number, first: number, count: number): void => {
      new Uint32Array(buffer, at, count).set(Array.from({ length: count }, (_, i) => first + i));
    };
    idsFrom(map.validationIds, trainSamples, training.validationSamples);
    idsFrom(map.testIds, firstTest, training.testSamples);
  }

  #writeOrder(epoch: number): void {
    const { orders, orderBytes, orderCount } = this.map;
    const at = orders + (epoch % orderCount) * orderBytes;
    epochOrder(this.sampler, epoch, new Uint32Array(this.memory.buffer, at, this.sampler.trainSamples));
  }
}

function describeTraining(spec: BenchSpec): TrainingSpec {
  const { samples, shards, batchSize, validationSamples = 0, testSamples = 0, isShuffled = false } = spec;
  return {
    sampler: {
      seed: 1,
      trainSamples: samples.spec.samples - validationSamples - testSamples,
      batchSize,
      shards,
      isShuffled,
    },
    validationSamples,
    testSamples,
    optimizer: spec.optimizer ?? PLAIN_SGD,
    schedule: spec.schedule,
    totalSteps: spec.totalSteps ?? 20,
    clip: describeClip(spec),
    averaging: spec.averaging,
    until: null,
    noiseScaleSteps: spec.noiseScaleSteps,
  };
}

function describeClip({ clipNorm, clipValue }: BenchSpec): TrainingSpec['clip'] {
  const norm = clipNorm ?? undefined;
  return norm === undefined && clipValue === undefined ? undefined : { norm, value: clipValue };
}

/** p' = p − lr g. */
export const PLAIN_SGD: OptimizerConfig = {
  name: 'sgd',
  lr: 0.125,
  momentum: 0,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
};

function mapBench({ samples, shards, seats = 2 }: BenchSpec, plan: Plan, training: TrainingSpec): MemoryMap {
  return mapMemory({
    plan,
    dataset: samples.spec,
    parts: {
      train: training.sampler.trainSamples,
      validation: training.validationSamples,
      test: training.testSamples,
    },
    shards,
    workers: seats,
    maxWorkers: seats,
    stateCount: describeStates(training.optimizer, training.averaging).names.length,
    hasNorm: hasNormPhase(training),
    hasWholeRanges: createOptimizer(training.optimizer).needsWholeParameters,
    hasNoiseScale: (training.noiseScaleSteps ?? 0) > 0,
  });
}

function viewSamples(
  buffer: ArrayBufferLike,
  storage: DatasetSpec['input']['storage'] | DatasetSpec['target']['storage'],
  at: number,
  length: number,
): Uint8Array | Int32Array | Float32Array {
  if (storage === 'u8') return new Uint8Array(buffer, at, length);
  return storage === 'i32' ? new Int32Array(buffer, at, length) : new Float32Array(buffer, at, length);
}
