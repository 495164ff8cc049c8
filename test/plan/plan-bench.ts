// A plan and samples → its regions in a memory of their own, with guard words between, and a way to run it in this thread.
import type { DatasetSpec } from '#src/data/source.js';
import type { KernelSet } from '#src/kernels/kernel-set.js';
import { referenceKernels } from '#src/kernels/reference.js';
import { compileKernels, instantiateKernels, isRelaxedSimdAvailable } from '#src/kernels/wasm.js';
import { createInterpreter } from '#src/plan/interpreter.js';
import { type Arg, type Call, ENV, ENV_LENGTH, type Plan, type PlanParameter } from '#src/plan/plan.js';

export const BACKENDS = ['reference', 'simd', ...(isRelaxedSimdAvailable() ? (['relaxed'] as const) : [])] as const;
export type Backend = (typeof BACKENDS)[number];

/** One sample after the other, as the spec's storages say. */
export interface Samples {
  spec: DatasetSpec;
  inputs: ArrayLike<number>;
  targets: ArrayLike<number>;
}

const PAGE_BYTES = 65_536;
const GUARD_BYTES = 256;
/** Wherever a plan may not write, and in every buffer before it runs: a NaN, so that what is read too early shows in the results. */
const GUARD_WORD = 0x7fc0dead;

const modules = new Map<string, WebAssembly.Module>();

/** The kernels of a backend over a memory. */
export function openKernels(backend: Backend, memory: WebAssembly.Memory): KernelSet {
  if (backend === 'reference') return referenceKernels(memory);
  const module = modules.get(backend) ?? compileKernels(backend);
  modules.set(backend, module);
  return instantiateKernels(module, memory, backend);
}

/** A memory with all regions of a plan. */
export class PlanBench {
  readonly plan: Plan;
  readonly kernels: KernelSet;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly sums: Float64Array;
  readonly parametersAt: number;
  readonly gradientsAt: number;
  readonly #memory: WebAssembly.Memory;
  readonly #env = new Float64Array(ENV_LENGTH);
  readonly #ids: Uint32Array;
  readonly #regions: { at: number; bytes: number }[] = [];
  #end = PAGE_BYTES;

  constructor(plan: Plan, { spec, inputs, targets }: Samples, backend: Backend) {
    this.plan = plan;
    const parameterBytes = plan.parameterElements * 4;
    const parameters = this.#place(ENV.parameters, parameterBytes);
    const gradients = this.#place(ENV.gradients, parameterBytes);
    const constants = this.#place(ENV.constants, plan.constants.length * 4);
    const sums = this.#place(ENV.sums, plan.sums.length * 8);
    const inputsAt = this.#place(ENV.inputs, inputs.length * 4);
    const targetsAt = this.#place(ENV.targets, targets.length * 4);
    const ids = this.#place(ENV.ids, spec.samples * 4);
    this.#place(ENV.activations, plan.activationBytes);
    this.#place(ENV.scratch, plan.scratchBytes);
    const pages = Math.ceil(this.#end / PAGE_BYTES);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { buffer } = this.#memory;
    new Uint32Array(buffer, PAGE_BYTES).fill(GUARD_WORD);
    this.kernels = openKernels(backend, this.#memory);
    this.parametersAt = parameters;
    this.gradientsAt = gradients;
    this.parameters = new Float32Array(buffer, parameters, plan.parameterElements);
    this.gradients = new Float32Array(buffer, gradients, plan.parameterElements);
    this.sums = new Float64Array(buffer, sums, plan.sums.length);
    this.#ids = new Uint32Array(buffer, ids, spec.samples);
    new Int32Array(buffer, constants, plan.constants.length).set(plan.constants);
    this.#view(spec.input.storage, inputsAt, inputs.length).set(inputs);
    this.#view(spec.target.storage, targetsAt, targets.length).set(targets);
  }

  /** The parameter's elements in `array`: the parameters, or the gradients. */
  view(array: Float32Array, parameter: PlanParameter | undefined): Float32Array {
    return array.subarray(parameter!.elementOffset, parameter!.elementOffset + parameter!.elements);
  }

  /** Sets a parameter by its name. */
  setParameter(name: string, values: ArrayLike<number>): void {
    this.view(this.parameters, this.find(name)).set(values);
  }

  /** The gradient of a parameter. */
  gradient(name: string): Float32Array {
    return this.view(this.gradients, this.find(name));
  }

  find(name: string): PlanParameter {
    return this.plan.parameters.find((parameter) => parameter.name === name)!;
  }

  /** Gathers samples and runs forward and backward, a micro-batch after the other, as a shard does. */
  train(ids: readonly number[], rows = this.plan.rows): void {
    const { gather, forward, backward } = this.plan.train;
    this.#runMicroBatches([...gather, ...forward, ...backward], ids, rows);
  }

  /** Only as far as the loss: buffers hold what forward made. */
  forward(ids: readonly number[]): void {
    const { gather, forward } = this.plan.train;
    this.#runMicroBatches([...gather, ...forward], ids, this.plan.rows);
  }

  evaluate(ids: readonly number[], rows = this.plan.rows): void {
    const { gather, forward } = this.plan.evaluate;
    this.#runMicroBatches([...gather, ...forward], ids, rows);
  }

  /** What lies at the tensor that a call's argument names. */
  tensorAt([slot, multiplier, offset]: Arg, elements: number): Float32Array {
    return new Float32Array(this.#memory.buffer, this.#env[slot] * multiplier + offset, elements);
  }

  /** The words behind every region and between parameters: they must still be what they were. */
  brokenGuards(): number[] {
    const words = new Uint32Array(this.#memory.buffer);
    const broken: number[] = [];
    for (const { at, bytes } of this.#regions) {
      for (let i = (at + bytes) >>> 2; i < (at + bytes + GUARD_BYTES) >>> 2; i++) {
        if (words[i] !== GUARD_WORD) broken.push(i * 4);
      }
    }
    for (const { elementOffset, elements } of this.plan.parameters) {
      for (let i = elementOffset + elements; i % 16 !== 0; i++) {
        const at = this.gradientsAt + i * 4;
        if (words[at >>> 2] !== GUARD_WORD) broken.push(at);
      }
    }
    return broken;
  }

  #runMicroBatches(calls: readonly Call[], ids: readonly number[], rows: number): void {
    const interpreter = createInterpreter(calls, this.kernels, this.#env);
    this.#ids.set(ids);
    const idsAt = this.#env[ENV.ids];
    // What is run together is the global batch.
    this.#env[ENV.batchIds] = idsAt;
    this.#env[ENV.batchCount] = ids.length;
    for (let done = 0; done < ids.length; done += rows) {
      this.#env[ENV.rows] = Math.min(rows, ids.length - done);
      this.#env[ENV.accumulate] = done === 0 ? 0 : 1;
      this.#env[ENV.ids] = idsAt + done * 4;
      interpreter.run();
    }
    this.#env[ENV.ids] = idsAt;
  }

  #place(slot: number, bytes: number): number {
    const at = this.#end;
    this.#env[slot] = at;
    const whole = Math.ceil(bytes / 4) * 4;
    this.#regions.push({ at, bytes: whole });
    this.#end = Math.ceil((at + whole + GUARD_BYTES) / 64) * 64;
    return at;
  }

  #view(storage: 'u8' | 'i32' | 'f32', at: number, length: number): Uint8Array | Int32Array | Float32Array {
    const { buffer } = this.#memory;
    if (storage === 'u8') return new Uint8Array(buffer, at, length);
    return storage === 'i32' ? new Int32Array(buffer, at, length) : new Float32Array(buffer, at, length);
  }
}
