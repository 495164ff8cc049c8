// A prepared run → shared memory with samples and first weights in it, and an engine at the gate; its state as tensors. Coordinator.
import type { NamedTensor } from '../checkpoint/safetensors.ts';
import { type RunState, stateSha256, weightsSha256 } from '../checkpoint/state-hash.ts';
import { type Inputs, sampleElements, type Targets, targetElements } from '../data/source.ts';
import { Engine } from '../engine/engine.ts';
import type { Fault } from '../engine/faults.ts';
import type { WorkerPool } from '../engine/pool.ts';
import type { CommittedStep } from '../engine/step-records.ts';
import { compileKernels, instantiateKernels } from '../kernels/wasm.ts';
import { initializeParameters } from '../plan/initialize.ts';
import type { Plan } from '../plan/plan.ts';
import type { PreparedRun } from './prepare.ts';

/** A run whose workers stand at the gate, or would. */
export interface Session {
  engine: Engine;
  /** The committed parameters, as views of shared memory; at the gate only. */
  parameters(): NamedTensor[];
  /** The parameters that were kept as the best ones. */
  bestParameters(): NamedTensor[];
  /** Samples' targets as they lie in memory, one after the other. */
  targetsOf(ids: Uint32Array): Float64Array;
  hashes(): { weightsSha256: string; stateSha256: string };
}

const WASM_PAGE_BYTES = 65_536;

/** Allocates the memory, loads the samples, makes the first weights. The threads get their seats with `engine.start()`. */
export function openSession(
  run: PreparedRun,
  { pool, faults, onStep }: { pool: WorkerPool; faults?: readonly Fault[]; onStep: (record: CommittedStep) => void },
): Session {
  const { plan, map, dataset, config, numerics, training, cores } = run;
  const pages = map.byteLength / WASM_PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const module = compileKernels(numerics.build);
  new Int32Array(memory.buffer, map.constants, plan.constants.length).set(plan.constants);
  fillSamples(run, memory);
  const { kernels } = instantiateKernels(module, memory, numerics.build);
  initializeParameters(plan, kernels, config.seed, map.generations[0]);
  const { parts } = dataset;
  new Uint32Array(memory.buffer, map.validationIds, parts.validation.length).set(parts.validation);
  new Uint32Array(memory.buffer, map.testIds, parts.test.length).set(parts.test);
  const engine = new Engine({
    memory,
    module,
    build: numerics.build,
    plan,
    map,
    training,
    trainIds: parts.train,
    pool,
    cores,
    faults,
    onStep,
  });
  const parameters = () => namedTensors(plan, engine.committed(0));
  return {
    engine,
    parameters,
    targetsOf: (ids) => gatherTargets(run, memory, ids),
    bestParameters: () => namedTensors(plan, engine.best()),
    hashes: () => ({
      weightsSha256: weightsSha256(parameters()),
      stateSha256: stateSha256(committedState(run, engine)),
    }),
  };
}

function fillSamples({ dataset, map }: PreparedRun, { buffer }: WebAssembly.Memory): void {
  const { input, target, samples } = dataset.spec;
  const inputs = arrayOf(buffer, input.storage, map.inputs, samples * sampleElements(input.shape)) as Inputs;
  dataset.fill(inputs, arrayOf(buffer, target.storage, map.targets, samples * targetElements(target)) as Targets);
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
function committedState({ plan, states, stepsPerEpoch }: PreparedRun, engine: Engine): RunState {
  const optimizerState = states.flatMap((state, index) =>
    namedTensors(plan, engine.committed(index + 1)).map((tensor) => ({ ...tensor, name: `${state}.${tensor.name}` })),
  );
  const { step } = engine;
  return {
    parameters: namedTensors(plan, engine.committed(0)),
    optimizerState,
    epoch: Math.floor(step / stepsPerEpoch),
    step,
  };
}

function namedTensors(plan: Plan, values: Float32Array): NamedTensor[] {
  return plan.parameters.map(({ name, shape, elementOffset, elements }) => ({
    name,
    shape,
    values: values.subarray(elementOffset, elementOffset + elements),
  }));
}
