// Samples of a block → the model's outputs, by the calls of an evaluation up to its loss. Any thread, each in its own seat.
import type { BlasChoice } from '../kernels/blas-library.ts';
import { instantiateKernels, type WasmBuild } from '../kernels/wasm.ts';
import { createInterpreter } from '../plan/interpreter.ts';
import { ENV, ENV_LENGTH, type Plan, type PlanOutput } from '../plan/plan.ts';
import type { InferenceMap } from './inference-map.ts';

/** What every thread that predicts is given once; plain data but for the memory and the module. */
export interface InferenceJob {
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  build: WasmBuild;
  blas?: BlasChoice;
  /** Bytes of `packPlan`. */
  plan: Uint8Array;
  map: InferenceMap;
}

/** Some samples of a block: `start` is a multiple of the micro-batch. */
export interface InferenceTask {
  seat: number;
  block: number;
  start: number;
  count: number;
}

/** Computes the outputs of a task, micro-batch by micro-batch: which samples go together depends on their places alone. */
export type InferenceRunner = (task: InferenceTask) => void;

/** @param job its plan is unpacked already */
export function createRunner(
  { memory, module, build, blas, map }: Omit<InferenceJob, 'plan'>,
  plan: Plan,
  output: PlanOutput,
): InferenceRunner {
  const kernels = instantiateKernels(module, memory, build, blas);
  const env = new Float64Array(ENV_LENGTH);
  env[ENV.parameters] = map.parameters;
  env[ENV.constants] = map.constants;
  // Nobody knows the targets; what reads them is the loss's.
  const inputCalls = plan.evaluate.gather.filter(({ args }) => args.every(([slot]) => slot !== ENV.targets));
  const gather = createInterpreter(inputCalls, kernels, env);
  const forward = createInterpreter(plan.evaluate.forward.slice(0, output.calls), kernels, env);
  const [slot, multiplier, offset] = output.at;
  const bytes = new Uint8Array(memory.buffer);
  const rowBytes = map.outputElements * 4;
  return ({ seat, block, start, count }) => {
    env[ENV.activations] = map.seats + seat * map.seatStride;
    env[ENV.scratch] = env[ENV.activations] + map.seatScratch;
    env[ENV.inputs] = map.inputs + block * map.inputBytes;
    const outputs = map.outputs + block * map.outputBytes;
    for (let done = 0; done < count; done += plan.rows) {
      const rows = Math.min(plan.rows, count - done);
      env[ENV.rows] = rows;
      env[ENV.ids] = map.ids + (start + done) * 4;
      // A streamed run's plan asks where samples lie: here in the order of their ids.
      env[ENV.places] = env[ENV.ids];
      gather.run();
      forward.run();
      const from = env[slot] * multiplier + offset;
      bytes.copyWithin(outputs + (start + done) * rowBytes, from, from + rows * rowBytes);
    }
  };
}
