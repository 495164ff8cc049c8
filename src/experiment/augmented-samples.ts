// Samples of the training part and a number of epochs → the inputs that training would make of them. Coordinator; nothing is trained.
import type { DataOptions } from '../data/data.schema.ts';
import type { Dataset } from '../data/dataset.ts';
import { epochOrder } from '../data/sampler.ts';
import { type Inputs, sampleBytes, sampleElements } from '../data/source.ts';
import { createGraph } from '../graph/graph.ts';
import { input } from '../graph/ops/input.ts';
import { compileKernels, instantiateKernels } from '../kernels/wasm.ts';
import { createConstantPool } from '../plan/constants.ts';
import { trainingGatherCalls } from '../plan/gather.ts';
import { createInterpreter } from '../plan/interpreter.ts';
import { placeBuffers } from '../plan/placement.ts';
import { type Call, ENV, ENV_LENGTH } from '../plan/plan.ts';
import { createProgram } from '../plan/program.ts';
import { resolveProgram } from '../plan/resolve.ts';

const [PAGE_BYTES, LINE_BYTES] = [65_536, 64];
// The kernels keep their tables below.
const FIRST_BYTE = PAGE_BYTES;

/** What decides how a sample is changed beside the sample. */
export interface AugmentedOptions {
  data: Pick<DataOptions, 'batchSize' | 'shuffle'>;
  seed: number;
  epochs: number;
}

/**
 * The inputs (samples, 1 + epochs, elements of an input): of each sample as evaluation sees it, then as each epoch would train on it, the
 * partner in a mixture included.
 *
 * @param inputs all samples as they lie in memory
 * @param ids of the training part
 */
export function augmentedSamples(
  { spec, parts }: Dataset,
  inputs: Inputs,
  ids: Uint32Array,
  { data, seed, epochs }: AugmentedOptions,
): Float32Array {
  const elements = sampleElements(spec.input.shape);
  const { calls: plain } = compileGather({ ...spec, augment: undefined });
  const { calls, constants, scratchBytes } = compileGather(spec);
  let end = FIRST_BYTE;
  const reserve = (bytes: number): number => {
    const at = end;
    end = Math.ceil((at + bytes) / LINE_BYTES) * LINE_BYTES;
    return at;
  };
  const env = new Float64Array(ENV_LENGTH);
  env[ENV.activations] = reserve(elements * 4);
  env[ENV.scratch] = reserve(scratchBytes);
  env[ENV.constants] = reserve(constants.length * 4);
  env[ENV.inputs] = reserve(spec.samples * sampleBytes(spec).input);
  const orderAt = reserve(parts.train.length * 4);
  env[ENV.ids] = reserve(4);
  env[ENV.rows] = 1;
  env[ENV.seedLow] = seed >>> 0;
  env[ENV.seedHigh] = Math.floor(seed / 2 ** 32) >>> 0;
  const pages = Math.ceil(end / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { buffer } = memory;
  new Int32Array(buffer, env[ENV.constants], constants.length).set(constants);
  const bytes = new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength);
  new Uint8Array(buffer, env[ENV.inputs], bytes.length).set(bytes);
  const kernels = instantiateKernels(compileKernels('simd'), memory, 'simd');
  const [evaluation, training] = [plain, calls].map((list) => createInterpreter(list, kernels, env));
  const id = new Uint32Array(buffer, env[ENV.ids], 1);
  const sample = new Float32Array(buffer, env[ENV.activations], elements);
  const out = new Float32Array(ids.length * (1 + epochs) * elements);
  const trainSamples = parts.train.length;
  const batchSize = data.batchSize === 'full' ? trainSamples : Math.min(data.batchSize, trainSamples);
  const sampler = { seed, trainSamples, batchSize, shards: 1, isShuffled: data.shuffle };
  const order = new Uint32Array(buffer, orderAt, trainSamples);
  for (let column = 0; column <= epochs; column++) {
    const epoch = column - 1;
    if (column > 0) {
      epochOrder(sampler, epoch, order);
      for (let i = 0; i < trainSamples; i++) order[i] = parts.train[order[i]];
    }
    ids.forEach((one, row) => {
      id[0] = one;
      if (column > 0) placeBatch(env, orderAt, Math.floor(order.indexOf(one) / batchSize), { batchSize, trainSamples });
      env[ENV.epoch] = epoch;
      (column === 0 ? evaluation : training).run();
      out.set(sample, (row * (1 + epochs) + column) * elements);
    });
  }
  return out;
}

function placeBatch(
  env: Float64Array,
  orderAt: number,
  batch: number,
  { batchSize, trainSamples }: { batchSize: number; trainSamples: number },
): void {
  env[ENV.batchIds] = orderAt + batch * batchSize * 4;
  env[ENV.batchCount] = Math.min(batchSize, trainSamples - batch * batchSize);
}

/** The calls that gather the inputs of one sample. */
function compileGather(spec: Dataset['spec']): {
  calls: readonly Call[];
  constants: readonly number[];
  scratchBytes: number;
} {
  const graph = createGraph();
  const x = graph.apply(input, [], { shape: [...spec.input.shape] }, 'input');
  // A gathered node that nobody reads gets its place too.
  const gather = (node: Parameters<typeof trainingGatherCalls>[0]) => trainingGatherCalls(node, spec);
  const program = createProgram(graph, { wanted: [x.id], gradientOf: new Map(), gather });
  const constants = createConstantPool();
  const context = { elementOffsets: new Map(), constants, names: new Map(), rows: 1 };
  const resolved = resolveProgram(graph, program, placeBuffers(program.buffers, 1), context);
  return { ...resolved, constants: constants.words };
}
