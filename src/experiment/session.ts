// A prepared run → shared memory with samples and first weights in it, and an engine at the gate; its state as tensors. Coordinator.
import type { SavedState } from '../checkpoint/checkpoint.ts';
import type { NamedTensor } from '../checkpoint/safetensors.ts';
import { type RunState, stateSha256, weightsSha256 } from '../checkpoint/state-hash.ts';
import { type Inputs, type Parts, sampleBytes, storageArray, type Targets, targetElements } from '../data/source.ts';
import { Engine } from '../engine/engine.ts';
import type { Fault } from '../engine/faults.ts';
import type { MemoryMap } from '../engine/memory-map.ts';
import type { WorkerPool } from '../engine/pool.ts';
import type { WorkerRecovery } from '../engine/recovery.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import type { KernelSet } from '../kernels/kernel-set.ts';
import { compileKernels, instantiateKernels } from '../kernels/wasm.ts';
import { initialPlateau, nextPlateau, type PlateauState, plateauRules } from '../optim/plateau.ts';
import { initializeParameters } from '../plan/initialize.ts';
import type { PlanParameter, PlanStatistic } from '../plan/plan.ts';
import { sharedSampleWarnings } from './check-samples.ts';
import { checkTargets } from './check-targets.ts';
import { datasetSha256 } from './dataset-hash.ts';
import { LoaderThread } from './loader-thread.ts';
import type { PreparedRun } from './prepare.ts';

/** What a network is after training: its parameters, and the running statistics that evaluation needs too. */
export interface Weights {
  parameters: NamedTensor[];
  statistics: NamedTensor[];
}

/** A run whose workers stand at the gate, or would. */
export interface Session {
  engine: Engine;
  memory: WebAssembly.Memory;
  /** Of a stream. */
  loader: LoaderThread | undefined;
  /** What is evaluated and written: the committed parameters, or their average; views of shared memory, at the gate only. */
  weights(): Weights;
  /** Keeps them as the best ones. */
  keepBest(): void;
  /** What was kept as the best ones. */
  bestWeights(): Weights;
  /** An evaluation gave this value of the watched figure: what a schedule makes of it holds for the steps from now on. */
  noteEvaluation(value: number): void;
  /** What the samples themselves say that is probably not meant, a line each. */
  warnings: readonly string[];
  /** Samples' targets as they lie in memory, one after the other. */
  targetsOf(ids: Uint32Array): Float64Array;
  /** What `reduceOnPlateau` remembers; null without it. */
  plateau(): PlateauState | null;
  hashes(): { weightsSha256: string; stateSha256: string };
  /** Of the samples and their parts; before `engine.start()` only. */
  datasetSha256(): string;
}

/** What a session is opened with beside its run. */
export interface SessionOptions {
  pool: WorkerPool;
  faults?: readonly Fault[];
  onStep: (record: CommittedStep) => void;
  onRecovery?: (recovery: WorkerRecovery) => void;
  /** Of the loader of a stream, which was lost and goes on. */
  onNotice?: (message: string) => void;
  /** Where it goes on from, in place of first weights; its arrays are copied. */
  state?: SavedState;
}

const WASM_PAGE_BYTES = 65_536;

/**
 * Allocates the memory, loads the samples, makes the first weights or takes those of a state. The threads get their seats with
 * `engine.start()`.
 * @throws StateError where a state is not of this run's model and optimizer.
 */
export function openSession(
  run: PreparedRun,
  { pool, faults, onStep, onRecovery, onNotice, state }: SessionOptions,
): Session {
  const { plan, map, dataset, config, numerics, training, cores } = run;
  const pages = map.byteLength / WASM_PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const module = compileKernels(numerics.build);
  new Int32Array(memory.buffer, map.constants, plan.constants.length).set(plan.constants);
  const warnings = fillSamples(run, memory);
  const { kernels } = instantiateKernels(module, memory, numerics.build, numerics.blas);
  if (state === undefined) {
    initializeParameters(plan, kernels, config.seed, map.generations[0]);
    initializeStates(run, kernels);
  } else placeState(run, memory, state);
  const { parts } = dataset;
  const places = evaluatedPlaces(run);
  new Uint32Array(memory.buffer, map.validationIds, places.validation.length).set(places.validation);
  new Uint32Array(memory.buffer, map.testIds, places.test.length).set(places.test);
  const loader =
    dataset.stream &&
    new LoaderThread({
      job: { memory, map, stream: dataset.stream, sampler: training.sampler },
      rules: config.recovery,
      onRecovery: (message) => onNotice?.(message),
    });
  const engine = new Engine({
    memory,
    module,
    build: numerics.build,
    blas: numerics.blas,
    plan,
    map,
    training,
    trainIds: parts.train,
    classes: run.classes,
    pool,
    cores,
    faults,
    recovery: config.recovery,
    onStep,
    start: state && { step: state.step, lrFactor: state.plateau?.factor ?? 1, leastLoss: state.leastLoss },
    onRecovery,
    loader,
  });
  const evaluatedArray = run.states.averageArray ?? 0;
  const weightsOf = (values: Float32Array): Weights => ({
    parameters: namedTensors(plan.parameters, values),
    statistics: namedTensors(plan.statistics, values),
  });
  const weights = () => weightsOf(engine.committed(evaluatedArray));
  const rules = plateauRules(training.schedule, training.optimizer.lr, config.evaluation.mode);
  let plateau = rules && (state?.plateau ?? initialPlateau(rules));
  return {
    engine,
    warnings,
    memory,
    loader,
    weights,
    keepBest: () => engine.keepBest(evaluatedArray),
    bestWeights: () => weightsOf(engine.best()),
    noteEvaluation(value) {
      if (rules === null || plateau === null) return;
      plateau = nextPlateau(rules, plateau, value);
      engine.setLrFactor(plateau.factor);
    },
    targetsOf: (ids) => gatherTargets(run, memory, ids),
    plateau: () => plateau,
    hashes: () => ({
      weightsSha256: weightsSha256(weights().parameters),
      stateSha256: stateSha256(committedState(run, engine, plateau)),
    }),
    datasetSha256: () => datasetSha256(run, kernels, memory),
  };
}

/** A state that is not of the run that shall go on from it. */
class StateError extends Error {
  override readonly name = 'StateError';
  readonly exitCode = 2;
}

function placeState(
  { map }: PreparedRun,
  { buffer }: WebAssembly.Memory,
  { step, generation, best }: SavedState,
): void {
  const elements = (map.arrayBytes / 4) * (1 + map.stateCount);
  if (generation.length !== elements) {
    throw new StateError(
      `state of step ${step}: expected ${elements} values for this model and optimizer, got ${generation.length}; go on with the config that it was saved with`,
    );
  }
  new Float32Array(buffer, map.generations[step & 1], elements).set(generation);
  if (best !== null && map.hasBest) new Float32Array(buffer, map.best, map.arrayBytes / 4).set(best);
}

function fillSamples(run: PreparedRun, { buffer }: WebAssembly.Memory): string[] {
  const { dataset, map } = run;
  const { inputs, targets } = filledArrays(run, buffer);
  dataset.fill(inputs, targets);
  if (dataset.weights !== undefined) {
    new Float32Array(buffer, map.weights, dataset.spec.samples).set(dataset.weights);
  }
  checkTargets(run, targets);
  return map.stream === null ? sharedSampleWarnings(dataset, inputs) : [];
}

/** The samples that are filled in once: all, or, behind the windows of a stream, those that are evaluated. */
function filledArrays({ dataset, map }: PreparedRun, buffer: SharedArrayBuffer): { inputs: Inputs; targets: Targets } {
  const { input, target, samples } = dataset.spec;
  const bytes = sampleBytes(dataset.spec);
  const first = firstResident(map);
  const { validation, test } = dataset.parts;
  const count = map.stream === null ? samples : validation.length + test.length;
  return {
    inputs: storageArray(buffer, input.storage, map.inputs + first * bytes.input, count * bytes.input),
    targets: storageArray(buffer, target.storage, map.targets + first * bytes.target, count * bytes.target),
  };
}

/** The place of the first sample that stays in memory. */
function firstResident({ stream }: MemoryMap): number {
  return stream === null ? 0 : stream.windows * stream.windowSamples;
}

/** Where the samples of the parts that are evaluated lie: at their ids, or, of a stream, one part behind the other. */
function evaluatedPlaces({ dataset: { parts }, map }: PreparedRun): Pick<Parts, 'validation' | 'test'> {
  if (map.stream === null) return parts;
  const first = firstResident(map);
  const { validation, test } = parts;
  return {
    validation: validation.map((_, i) => first + i),
    test: test.map((_, i) => first + validation.length + i),
  };
}

/** Memory begins as zeros: only what begins otherwise is written, padding included, into the generation that step 0 reads. */
function initializeStates({ map, states }: PreparedRun, kernels: KernelSet['kernels']): void {
  const first = map.generations[0];
  const elements = map.arrayBytes / 4;
  states.initialValues.forEach((value, index) => {
    const at = first + (index + 1) * map.arrayBytes;
    if (value === 'parameters') kernels.copy(at, first, elements);
    else if (value !== 0) kernels.fill(at, value, elements);
  });
}

function gatherTargets(run: PreparedRun, { buffer }: WebAssembly.Memory, ids: Uint32Array): Float64Array {
  const { dataset, map } = run;
  const perSample = targetElements(dataset.spec.target);
  const { targets } = filledArrays(run, buffer);
  const at = map.stream === null ? (id: number) => id : evaluatedIndex(dataset.parts);
  return Float64Array.from(
    { length: ids.length * perSample },
    (_, i) => targets[at(ids[Math.floor(i / perSample)]) * perSample + (i % perSample)],
  );
}

/** The index of a sample among those of the validation part, then the test part. */
function evaluatedIndex({ validation, test }: Parts): (id: number) => number {
  const indexOf = new Map([...validation, ...test].map((id, index) => [id, index]));
  return (id) => indexOf.get(id)!;
}

/** All that the next step depends on. */
function committedState(run: PreparedRun, engine: Engine, plateau: PlateauState | null): RunState {
  const { plan, states, stepsPerEpoch, training } = run;
  const optimizerState = states.names.flatMap((state, index) =>
    namedTensors(plan.parameters, engine.committed(index + 1)).map((tensor) => ({
      ...tensor,
      name: `${state}.${tensor.name}`,
    })),
  );
  const { step } = engine;
  return {
    parameters: namedTensors(plan.parameters, engine.committed(0)),
    statistics: namedTensors(plan.statistics, engine.committed(0)),
    optimizerState,
    schedule: { ...(training.until?.plateau && describeLeastLoss(engine)), ...plateau },
    epoch: Math.floor(step / stepsPerEpoch),
    step,
  };
}

function namedTensors(places: readonly (PlanParameter | PlanStatistic)[], values: Float32Array): NamedTensor[] {
  return places.map(({ name, shape, elementOffset, elements }) => ({
    name,
    shape,
    values: values.subarray(elementOffset, elementOffset + elements),
  }));
}

function describeLeastLoss({ leastLoss: { least, stepsSince } }: Engine): Record<string, number> {
  return { leastLoss: least, stepsSinceLeastLoss: stepsSince };
}
