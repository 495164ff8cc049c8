// A prepared run → shared memory with samples and first weights in it, and an engine at the gate; its state as tensors. Coordinator.
import type { NamedTensor } from '../checkpoint/safetensors.ts';
import { type RunState, stateSha256, weightsSha256 } from '../checkpoint/state-hash.ts';
import { type Inputs, sampleElements, type Targets, targetElements } from '../data/source.ts';
import { Engine } from '../engine/engine.ts';
import type { Fault } from '../engine/faults.ts';
import type { WorkerPool } from '../engine/pool.ts';
import type { WorkerRecovery } from '../engine/recovery.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import type { KernelSet } from '../kernels/kernel-set.ts';
import { compileKernels, instantiateKernels } from '../kernels/wasm.ts';
import { initialPlateau, nextPlateau, type PlateauState, plateauRules } from '../optim/plateau.ts';
import { initializeParameters } from '../plan/initialize.ts';
import type { PlanParameter, PlanStatistic } from '../plan/plan.ts';
import { checkTargets } from './check-targets.ts';
import type { PreparedRun } from './prepare.ts';

/** What a network is after training: its parameters, and the running statistics that evaluation needs too. */
export interface Weights {
  parameters: NamedTensor[];
  statistics: NamedTensor[];
}

/** A run whose workers stand at the gate, or would. */
export interface Session {
  engine: Engine;
  /** What is evaluated and written: the committed parameters, or their average; views of shared memory, at the gate only. */
  weights(): Weights;
  /** Keeps them as the best ones. */
  keepBest(): void;
  /** What was kept as the best ones. */
  bestWeights(): Weights;
  /** An evaluation gave this value of the watched figure: what a schedule makes of it holds for the steps from now on. */
  noteEvaluation(value: number): void;
  /** Samples' targets as they lie in memory, one after the other. */
  targetsOf(ids: Uint32Array): Float64Array;
  hashes(): { weightsSha256: string; stateSha256: string };
}

export interface SessionOptions {
  pool: WorkerPool;
  faults?: readonly Fault[];
  onStep: (record: CommittedStep) => void;
  onRecovery?: (recovery: WorkerRecovery) => void;
}

const WASM_PAGE_BYTES = 65_536;

/** Allocates the memory, loads the samples, makes the first weights. The threads get their seats with `engine.start()`. */
export function openSession(run: PreparedRun, { pool, faults, onStep, onRecovery }: SessionOptions): Session {
  const { plan, map, dataset, config, numerics, training, cores } = run;
  const pages = map.byteLength / WASM_PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const module = compileKernels(numerics.build);
  new Int32Array(memory.buffer, map.constants, plan.constants.length).set(plan.constants);
  fillSamples(run, memory);
  const { kernels } = instantiateKernels(module, memory, numerics.build, numerics.blas);
  initializeParameters(plan, kernels, config.seed, map.generations[0]);
  initializeStates(run, kernels);
  const { parts } = dataset;
  new Uint32Array(memory.buffer, map.validationIds, parts.validation.length).set(parts.validation);
  new Uint32Array(memory.buffer, map.testIds, parts.test.length).set(parts.test);
  const engine = new Engine({
    memory,
    module,
    build: numerics.build,
    blas: numerics.blas,
    plan,
    map,
    training,
    trainIds: parts.train,
    pool,
    cores,
    faults,
    recovery: config.recovery,
    onStep,
    onRecovery,
  });
  const evaluatedArray = run.states.averageArray ?? 0;
  const weightsOf = (values: Float32Array): Weights => ({
    parameters: namedTensors(plan.parameters, values),
    statistics: namedTensors(plan.statistics, values),
  });
  const weights = () => weightsOf(engine.committed(evaluatedArray));
  const rules = plateauRules(training.schedule, training.optimizer.lr, config.evaluation.mode);
  let plateau = rules && initialPlateau(rules);
  return {
    engine,
    weights,
    keepBest: () => engine.keepBest(evaluatedArray),
    bestWeights: () => weightsOf(engine.best()),
    noteEvaluation(value) {
      if (rules === null || plateau === null) return;
      plateau = nextPlateau(rules, plateau, value);
      engine.setLrFactor(plateau.factor);
    },
    targetsOf: (ids) => gatherTargets(run, memory, ids),
    hashes: () => ({
      weightsSha256: weightsSha256(weights().parameters),
      stateSha256: stateSha256(committedState(run, engine, plateau)),
    }),
  };
}

function fillSamples(run: PreparedRun, { buffer }: WebAssembly.Memory): void {
  const { dataset, map } = run;
  const { input, target, samples } = dataset.spec;
  const inputs = arrayOf(buffer, input.storage, map.inputs, samples * sampleElements(input.shape)) as Inputs;
  const targets = arrayOf(buffer, target.storage, map.targets, samples * targetElements(target)) as Targets;
  dataset.fill(inputs, targets);
  checkTargets(run, targets);
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

function gatherTargets({ dataset, map }: PreparedRun, { buffer }: WebAssembly.Memory, ids: Uint32Array): Float64Array {
  const { target, samples } = dataset.spec;
  const perSample = targetElements(target);
  const targets = arrayOf(buffer, target.storage, map.targets, samples * perSample);
  return Float64Array.from(
    { length: ids.length * perSample },
    (_, i) => targets[ids[Math.floor(i / perSample)] * perSample + (i % perSample)],
  );
}

function arrayOf(buffer: SharedArrayBuffer, storage: 'u8' | 'i32' | 'f32', byteOffset: number, length: number) {
  if (storage === 'u8') return new Uint8Array(buffer, byteOffset, length);
  return storage === 'i32' ? new Int32Array(buffer, byteOffset, length) : new Float32Array(buffer, byteOffset, length);
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
