// A plan with its weights → the outputs of block after block of samples, on this thread or, where that takes long, on several. Coordinator.
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { DatasetSpec, Inputs } from '../data/source.ts';
import type { ResolvedNumerics } from '../kernels/numerics.ts';
import { compileKernels } from '../kernels/wasm.ts';
import { type Plan, type PlanOutput, packPlan } from '../plan/plan.ts';
import { type InferenceMap, mapInference } from './inference-map.ts';
import { createRunner, type InferenceJob, type InferenceRunner, type InferenceTask } from './inference-seat.ts';
import { clockMs } from './phase-clock.ts';

/** What predictions are computed with. */
export interface InferenceSpec {
  plan: Plan;
  output: PlanOutput;
  input: DatasetSpec['input'];
  /** `plan.parameterElements`: parameters and statistics. */
  parameters: Float32Array;
  numerics: ResolvedNumerics;
  /** The most threads that compute. */
  workers: number;
}

// Threads cost about 100 ms to start: what takes no longer than this is done sooner without them.
const ALONE_MS = 200;
/** Tasks a thread and block: enough that all end at about the same time. */
const TASKS_A_THREAD = 4;

/**
 * Computes blocks of samples. The samples of a micro-batch, and so the bits, are a matter of their places in the input alone; how many
 * threads compute, and when they start, changes none.
 */
export class Inference {
  readonly map: InferenceMap;
  readonly #spec: InferenceSpec;
  readonly #job: InferenceJob;
  readonly #run: InferenceRunner;
  #threads: Piscina | undefined;

  /** @throws MemoryError where a block and the threads' activations do not fit in one memory */
  constructor(spec: InferenceSpec) {
    const { plan, output, input, parameters, numerics, workers } = spec;
    this.#spec = spec;
    this.map = mapInference(plan, output.shape, input, workers);
    const pages = this.map.byteLength / 65_536;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const { build, blas } = numerics;
    this.#job = { memory, module: compileKernels(build), build, blas, plan: packPlan(plan), map: this.map };
    new Int32Array(memory.buffer, this.map.constants, plan.constants.length).set(plan.constants);
    new Float32Array(memory.buffer, this.map.parameters, plan.parameterElements).set(parameters);
    const ids = new Uint32Array(memory.buffer, this.map.ids, this.map.blockRows);
    for (let i = 0; i < ids.length; i++) ids[i] = i;
    this.#run = createRunner(this.#job, plan, output);
  }

  /** Where the samples of a block go, `blockRows` at most; it is the caller's until `run`, and again when that has resolved. */
  inputs(block: number): Inputs {
    const { inputs, inputBytes, blockRows, inputElements } = this.map;
    const { buffer } = this.#job.memory;
    const at = inputs + block * inputBytes;
    const length = blockRows * inputElements;
    const { storage } = this.#spec.input;
    if (storage === 'u8') return new Uint8Array(buffer, at, length);
    return storage === 'i32' ? new Int32Array(buffer, at, length) : new Float32Array(buffer, at, length);
  }

  /** A view of a block's outputs, sample by sample: they stay until the block is run again. */
  outputs(block: number, count: number): Float32Array {
    const { outputs, outputBytes, outputElements } = this.map;
    return new Float32Array(this.#job.memory.buffer, outputs + block * outputBytes, count * outputElements);
  }

  /** Computes the first `count` samples of a block. */
  async run(block: number, count: number): Promise<void> {
    const done = this.#threads === undefined ? this.#runAlone(block, count) : 0;
    if (done < count) await this.#runTogether(block, done, count);
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    const threads = this.#threads;
    this.#threads = undefined;
    await threads?.destroy();
  }

  /** Micro-batch by micro-batch; gives up where the rest would take long and there are other cores for it. */
  #runAlone(block: number, count: number): number {
    const { rows } = this.#spec.plan;
    const startMs = clockMs();
    for (let start = 0; start < count; ) {
      this.#run({ seat: 0, block, start, count: Math.min(rows, count - start) });
      start += rows;
      const restMs = ((clockMs() - startMs) / start) * (count - start);
      // A first call is slow for other reasons.
      if (start > rows && restMs > ALONE_MS && this.#spec.workers > 1) return start;
    }
    return count;
  }

  async #runTogether(block: number, from: number, count: number): Promise<void> {
    const { workers, plan } = this.#spec;
    this.#threads ??= this.#startThreads();
    const threads = this.#threads;
    const batches = Math.ceil((count - from) / plan.rows);
    const taskRows = plan.rows * Math.max(1, Math.ceil(batches / (workers * TASKS_A_THREAD)));
    let next = from;
    const takeAll = async (seat: number): Promise<void> => {
      while (next < count) {
        const start = next;
        next += taskRows;
        await threads.run({ seat, block, start, count: Math.min(taskRows, count - start) } satisfies InferenceTask);
      }
    };
    await Promise.all(Array.from({ length: workers }, (_, seat) => takeAll(seat)));
  }

  #startThreads(): Piscina {
    const { workers } = this.#spec;
    return new Piscina({
      filename: fileURLToPath(new URL('../../workers/predict.js', import.meta.url)),
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: 1,
      recordTiming: false,
      workerData: this.#job,
    });
  }
}
