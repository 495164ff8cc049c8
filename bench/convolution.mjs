// How many images a second does one thread take through a small CNN, forward and all gradients, without the optimizer? Shards of 32 MNIST images.
// `node bench/convolution.mjs [another checkout's dist]`: with another build both take turns, so that a change has its figure.
// With CALLS=1 also the microseconds that each kernel call takes for an image.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { machine, median } from './pairs.mjs';

const SHARD = 32;
const SHARDS = 16;
const PAIRS = 31;
const PAGE = 65_536;
const WANTED = 6000;
const LAYERS = [
  { conv: 16, kernel: 3, padding: 'same', activation: 'relu' },
  { maxPool: 2 },
  { conv: 32, kernel: 3, padding: 'same', activation: 'relu' },
  { maxPool: 2 },
  { dense: 128, activation: 'relu' },
  { dense: 10 },
];

/** The workload on the build in folder `dist`: its plan in a memory of its own, after some steps of plain descent. */
async function open(dist) {
  const load = (path) => import(pathToFileURL(resolve(dist, 'src', path)).href);
  const [{ parseConfig }, { buildModel }, { compilePlan }, { createInterpreter }, { ENV, ENV_LENGTH }] =
    await Promise.all(
      ['index.js', 'nn/build-model.js', 'plan/compile.js', 'plan/interpreter.js', 'plan/plan.js'].map(load),
    );
  const { initializeParameters } = await load('plan/initialize.js');
  const { compileKernels, instantiateKernels } = await load('kernels/wasm.js');
  const { openMnist } = await load('data/mnist.js');
  const config = parseConfig({ data: { source: 'mnist' }, model: LAYERS, loss: 'crossEntropy' });
  const source = openMnist(undefined);
  const samples = SHARD * SHARDS;
  const dataset = { name: 'mnist', samples, input: source.input, target: source.target };
  const model = buildModel(config.model, config.loss, dataset);
  const plan = compilePlan(model, { numerics: 'portable', microBatch: 'auto', largestShardRows: SHARD, dataset });

  const images = new Uint8Array(70_000 * 784);
  const labels = new Uint8Array(70_000);
  source.fill(images, labels);
  const env = new Float64Array(ENV_LENGTH);
  let end = PAGE;
  const place = (slot, bytes) => {
    env[slot] = end;
    end = Math.ceil((end + bytes) / 64) * 64;
  };
  const bytes = plan.parameterElements * 4;
  for (const slot of [ENV.parameters, ENV.gradients]) place(slot, bytes);
  place(ENV.constants, plan.constants.length * 4);
  place(ENV.sums, 1024);
  place(ENV.inputs, samples * 784);
  place(ENV.targets, samples);
  place(ENV.ids, SHARD * 4);
  place(ENV.activations, plan.activationBytes);
  place(ENV.scratch, plan.scratchBytes);
  const pages = Math.ceil(end / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const set = instantiateKernels(compileKernels('simd'), memory, 'simd');
  const view = (Type, slot, length) => new Type(memory.buffer, env[slot], length);
  view(Int32Array, ENV.constants, plan.constants.length).set(plan.constants);
  view(Uint8Array, ENV.inputs, samples * 784).set(images.subarray(0, samples * 784));
  view(Uint8Array, ENV.targets, samples).set(labels.subarray(0, samples));
  initializeParameters(plan, set.kernels, 1, env[ENV.parameters]);
  const ids = view(Uint32Array, ENV.ids, SHARD);
  const calls = [...plan.train.gather, ...plan.train.forward, ...plan.train.backward];
  const interpreter = createInterpreter(calls, set, env);
  const single = calls.map((call) => createInterpreter([call], set, env));

  function shard(number, run) {
    for (let i = 0; i < SHARD; i++) ids[i] = number * SHARD + i;
    const idsAt = env[ENV.ids];
    for (let done = 0; done < SHARD; done += plan.rows) {
      env[ENV.rows] = Math.min(plan.rows, SHARD - done);
      env[ENV.accumulate] = done === 0 ? 0 : 1;
      env[ENV.ids] = idsAt + done * 4;
      run();
    }
    env[ENV.ids] = idsAt;
  }
  const weights = view(Float32Array, ENV.parameters, plan.parameterElements);
  const gradients = view(Float32Array, ENV.gradients, plan.parameterElements);
  // A trained net has another share of dead units than a fresh one.
  for (let step = 0; step < 100; step++) {
    shard(step % SHARDS, () => interpreter.run());
    for (let i = 0; i < weights.length; i++) weights[i] -= (0.1 / SHARD) * gradients[i];
  }
  return {
    plan,
    imagesPerSecond() {
      const start = performance.now();
      for (let number = 0; number < SHARDS; number++) shard(number, () => interpreter.run());
      return (SHARDS * SHARD * 1000) / (performance.now() - start);
    },
    /** Microseconds an image of each call. */
    timeCalls() {
      const spent = calls.map(() => 0);
      for (let number = 0; number < SHARDS; number++) {
        shard(number, () => {
          single.forEach((one, i) => {
            const start = performance.now();
            one.run();
            spent[i] += performance.now() - start;
          });
        });
      }
      return spent.map((ms) => (ms * 1000) / (SHARDS * SHARD));
    },
    labels: calls.map(({ kernel, label }) => `${kernel.padEnd(20)} ${label}`),
  };
}

const spread = (values, digits = 0) =>
  `${median(values).toFixed(digits)} [${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}]`;

const folders = [new URL('../dist', import.meta.url).pathname, ...process.argv.slice(2)];
const builds = [];
for (const folder of folders) builds.push(await open(folder));
console.log(`small CNN, forward and gradients, one thread, portable; ${machine()}; median of ${PAIRS} rounds in turns`);
for (const build of builds) for (let i = 0; i < 3; i++) build.imagesPerSecond();
const figures = builds.map(() => []);
for (let pair = 0; pair < PAIRS; pair++) {
  const order = builds.map((_, i) => (pair % 2 ? builds.length - 1 - i : i));
  for (const i of order) figures[i].push(builds[i].imagesPerSecond());
}
builds.forEach(({ plan }, i) => {
  const wanted = i === 0 ? `  wanted ≥ ${WANTED}` : `  ${folders[i]}`;
  console.log(`${spread(figures[i])} images/s, ${plan.rows} a micro-batch${wanted}`);
});
if (builds.length > 1) {
  const ratios = figures[0].map((value, round) => value / figures[1][round]);
  console.log(`${spread(ratios, 3)} times the other build`);
}
if (process.env.CALLS) {
  for (const build of builds) {
    const rounds = Array.from({ length: 15 }, () => build.timeCalls());
    console.log('\nµs an image, lowest and median');
    build.labels.forEach((label, i) => {
      const times = rounds.map((round) => round[i]);
      console.log(
        `${Math.min(...times)
          .toFixed(1)
          .padStart(6)} ${median(times).toFixed(1).padStart(6)}  ${label}`,
      );
    });
  }
}
