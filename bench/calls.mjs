// Where does a shard's time go? Each kernel call of a config's training plan on one thread: microseconds a shard, what it is of the whole.
// node bench/calls.mjs CONFIG [key=value ...] [--dist another checkout's dist] [--rounds 15]
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, median } from './pairs.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dist: { type: 'string', default: new URL('../dist', import.meta.url).pathname },
    rounds: { type: 'string', default: '15' },
  },
});
const [file, ...overrides] = positionals;
if (file === undefined) {
  console.error('error: expected a config, got none; node bench/calls.mjs CONFIG [key=value ...]');
  process.exit(2);
}
const load = (path) => import(pathToFileURL(resolve(values.dist, 'src', path)).href);
const [{ loadConfig }, { prepareRun }, { createInterpreter }, { createEnv, placeShard }] = await Promise.all(
  ['index.js', 'experiment/prepare.js', 'plan/interpreter.js', 'engine/shard-phase.js'].map(load),
);
const [{ initializeParameters }, { compileKernels, instantiateKernels }] = await Promise.all(
  ['plan/initialize.js', 'kernels/wasm.js'].map(load),
);

const { config, baseDir } = loadConfig(file, overrides);
const run = prepareRun(config, { baseDir });
const { plan, map, dataset, numerics, training } = run;
const pages = map.byteLength / 65_536;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const set = instantiateKernels(compileKernels(numerics.build), memory, numerics.build, numerics.blas);
new Int32Array(memory.buffer, map.constants, plan.constants.length).set(plan.constants);
const arrays = { u8: Uint8Array, i32: Int32Array, f32: Float32Array };
const { input, target, samples } = dataset.spec;
const size = ({ shape = [] }) => shape.reduce((product, length) => product * length, 1);
const inputs = new arrays[input.storage](memory.buffer, map.inputs, samples * size(input));
const targets = new arrays[target.storage](memory.buffer, map.targets, samples * size(target));
dataset.fill(inputs, targets);
initializeParameters(plan, set.kernels, config.seed, map.generations[0]);
const order = new Uint32Array(memory.buffer, map.orders, dataset.parts.train.length);
order.set(dataset.parts.train);

const env = createEnv(map, 0, config.seed);
const calls = [...plan.train.gather, ...plan.train.forward, ...plan.train.backward];
const single = calls.map((call) => createInterpreter([call], set, env));

/** Microseconds of each call, over the micro-batches of one shard. */
function timeShard() {
  const spent = new Float64Array(calls.length);
  const { count, place } = placeShard(map, training, env, { step: 0, shard: 0, buffer: 0 });
  for (let done = 0; done < count; done += plan.rows) {
    place(done, plan.rows);
    single.forEach((one, i) => {
      const start = performance.now();
      one.run();
      spent[i] += (performance.now() - start) * 1000;
    });
  }
  return spent;
}

// The first calls run in a slower tier.
for (let i = 0; i < 10; i++) timeShard();
const rounds = Array.from({ length: Number(values.rounds) }, timeShard);
const figures = calls.map((_, i) => rounds.map((round) => round[i]));
const total = figures.reduce((sum, times) => sum + median(times), 0);
const { count } = placeShard(map, training, env, { step: 0, shard: 0, buffer: 0 });
console.log(
  `${file}, a shard of ${count}, ${plan.rows} a micro-batch, ${set.backend} ${numerics.identity}; ${machine()}`,
);
console.log('lowest and median µs a shard, of the whole');
const line = (times, label) => {
  const [low, middle] = [Math.min(...times), median(times)];
  const share = ((middle / total) * 100).toFixed(1);
  console.log(`${low.toFixed(1).padStart(9)} ${middle.toFixed(1).padStart(9)} ${share.padStart(5)} %  ${label}`);
};
for (const [i, { kernel, label }] of calls.entries()) line(figures[i], `${kernel.padEnd(22)} ${label}`);
console.log();
for (const kernel of new Set(calls.map((call) => call.kernel))) {
  const those = calls.flatMap((call, i) => (call.kernel === kernel ? [figures[i]] : []));
  line(
    rounds.map((_, round) => those.reduce((sum, times) => sum + times[round], 0)),
    `${kernel.padEnd(22)} ${those.length} calls`,
  );
}
console.log(`${''.padStart(10)}${total.toFixed(1).padStart(9)}        the whole shard`);
