// How fast are the kernels on one core? Products against OpenBLAS in the same run, the others in ns an element.
// Backends take turns round by round, so that what changes in the machine meanwhile meets all of them.
import { existsSync } from 'node:fs';
import { Bench } from 'tinybench';
import { gemmScratchBytes } from '../dist/src/kernels/gemm-scratch.js';
import { compileKernels, instantiateKernels, isRelaxedSimdAvailable } from '../dist/src/kernels/wasm.js';
import { machine, median } from './pairs.mjs';

const ROUNDS = 15;
/** A round of one backend is about this long: shorter than the half-seconds in which this kind of machine changes its speed. */
const ROUND_MS = 40;
const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0',
  '/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0',
  '/usr/lib64/libopenblasp.so.0',
  '/usr/lib64/libopenblas.so.0',
  '/usr/lib/libopenblas.so.0',
  '/usr/local/lib/libopenblas.so.0',
  '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
];

// [what, transA, transB, m, n, k]: the square one, then the products of an MLP 784-512-256-10 on a shard of 64 samples.
const PRODUCTS = [
  ['512³', 0, 0, 512, 512, 512],
  ['x·Wᵀ 784→512', 0, 1, 64, 512, 784],
  ['x·Wᵀ 512→256', 0, 1, 64, 256, 512],
  ['x·Wᵀ 256→10', 0, 1, 64, 10, 256],
  ['dYᵀ·x 512×784', 1, 0, 512, 784, 64],
  ['dYᵀ·x 256×512', 1, 0, 256, 512, 64],
  ['dYᵀ·x 10×256', 1, 0, 10, 256, 64],
  ['dY·W 256→512', 0, 0, 64, 512, 256],
  ['dY·W 10→256', 0, 0, 64, 256, 10],
];
const WANTED = { simd: 0.4, relaxed: 0.45 };

const pages = 600;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const floats = new Float32Array(memory.buffer);
const MIB = 2 ** 20;
const [A, B, C, D, SCRATCH] = [1, 9, 17, 25, 33].map((mib) => mib * MIB);
// Small numbers of both signs: nothing overflows, however often an output is an input again.
for (let i = A / 4; i < SCRATCH / 4; i++) floats[i] = ((i * 2654435761) % 1024) / 1024 - 0.5;

const builds = isRelaxedSimdAvailable() ? ['simd', 'relaxed'] : ['simd'];
const sets = builds.map((build) => ({
  name: build,
  kernels: instantiateKernels(compileKernels(build), memory, build).kernels,
}));

/** cblas_sgemm of an OpenBLAS with one thread, or why there is none. */
async function openBlas() {
  const path = LIBRARIES.find((library) => existsSync(library));
  if (path === undefined) return { why: 'no OpenBLAS' };
  process.env.OPENBLAS_NUM_THREADS = '1';
  try {
    const { default: koffi } = await import('koffi');
    const types = 'int, int, int, int, int, int, float, void*, int, void*, int, float, void*, int';
    const library = koffi.load(path);
    return {
      path,
      config: library.func('const char* openblas_get_config()')(),
      sgemm: library.func(`void cblas_sgemm(${types})`),
    };
  } catch (error) {
    return { why: `no OpenBLAS: ${error.message}` };
  }
}

/** Median ms of one call of `run`, from calls in batches that last long enough for the clock. */
function measure(run, calls) {
  const batches = 8;
  const perBatch = Math.max(1, Math.round(calls / batches));
  const bench = new Bench({ iterations: batches, time: 0, warmup: false });
  bench.add('kernel', () => {
    for (let i = 0; i < perBatch; i++) run();
  });
  bench.runSync();
  return bench.tasks[0].result.latency.p50 / perBatch;
}

/** ms a call of each of `runs`, round by round in turns. */
function takeTurns(runs) {
  const calls = runs.map((run) => {
    // The first calls run in a slower tier.
    const start = performance.now();
    let warm = 0;
    while (warm < 20 || performance.now() - start < 60) {
      run();
      warm++;
    }
    return Math.ceil(ROUND_MS / measure(run, Math.min(warm, 64)));
  });
  const figures = runs.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    const order = runs.map((_, i) => i);
    if (round % 2 === 1) order.reverse();
    for (const i of order) figures[i].push(measure(runs[i], calls[i]));
  }
  return figures;
}

const spread = (values, digits) =>
  `${median(values).toFixed(digits)} [${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}]`;

function benchProduct([what, transA, transB, m, n, k], blas) {
  const [lda, ldb] = [transA ? m : k, transB ? k : n];
  const runs = sets.map(({ kernels }) => () => {
    kernels.gemm(transA, transB, m, n, k, A, lda, B, ldb, C, n, 0, 0, 0, SCRATCH);
  });
  const [a, b, c] = [A, B, C].map((at) => floats.subarray(at / 4, at / 4 + 2 * MIB));
  const order = [101, transA ? 112 : 111, transB ? 112 : 111];
  if (blas) runs.push(() => blas(...order, m, n, k, 1, a, lda, b, ldb, 0, c, n));
  if (SCRATCH + gemmScratchBytes(m, n, k) > memory.buffer.byteLength) throw new Error(`${what}: no room for scratch`);
  const figures = takeTurns(runs);
  const gigaflops = figures.map((ms) => ms.map((value) => (2 * m * n * k) / value / 1e6));
  const line = sets.map(({ name }, i) => {
    const ratio = blas
      ? `, ${spread(
          figures.at(-1).map((value, r) => value / figures[i][r]),
          3,
        )} of OpenBLAS`
      : '';
    const wanted = what === '512³' ? `  wanted ≥ ${WANTED[name]}` : '';
    return `${name} ${spread(gigaflops[i], 1)}${ratio}${wanted}`;
  });
  if (blas) line.push(`OpenBLAS ${spread(gigaflops.at(-1), 1)}`);
  console.log(`${what.padEnd(14)} ${line.join(' · ')}`);
}

/** [what, elements, run]: sizes that stay in L2, as a range or a micro-batch does. */
function elementwiseCases(k) {
  const n = 16_384;
  const slots = new Uint32Array(memory.buffer, D, 8).map((_, i) => A + i * n * 4);
  new Uint32Array(memory.buffer, D, 8).set(slots);
  const ids = new Uint32Array(memory.buffer, D + 64, 64).map((_, i) => (i * 37) % 1000);
  new Uint32Array(memory.buffer, D + 64, 64).set(ids);
  const labels = new Int32Array(memory.buffer, D + 1024, 1024);
  labels.set(labels.map((_, i) => i % 10));
  const out = C;
  const adamArgs = [out, A, B, out + n * 4, A + n * 4, out + n * 8, A + n * 8, n];
  return [
    ['exp', n, () => k.exp(out, A, n)],
    ['log', n, () => k.log(out, A, n)],
    ['tanh', n, () => k.tanh(out, A, n)],
    ['sigmoid', n, () => k.sigmoid(out, A, n)],
    ['relu', n, () => k.relu(out, A, n)],
    ['reluBackward', n, () => k.reluBackward(out, A, B, n)],
    ['sumRows (64, 256)', n, () => k.sumRows(out, A, 64, 256, 0)],
    ['treeSum of 8', n, () => k.treeSum(out, D, 8, 0, n, SCRATCH)],
    ['treeSum of 7', n, () => k.treeSum(out, D, 7, 0, n, SCRATCH)],
    ['scaleSquareSum', n, () => k.scaleSquareSum(B, 1, n)],
    ['sgd, momentum', n, () => k.sgd(out, A, B, out + n * 4, A + n * 4, n, 0.1, 0.9, 0, 0, 0, 0)],
    ['adam', n, () => k.adam(...adamArgs, 0.001, 0.9, 0.999, 1e-8, 0, 0, 0.1, 0.03)],
    ['softmaxCrossEntropy (1024, 10)', 10_240, () => k.softmaxCrossEntropy(out, A, D + 1024, 1024, 10, SCRATCH, 0)],
    ['meanSquaredError', n, () => k.meanSquaredError(out, A, B, 64, 256, SCRATCH, 0)],
    ['gatherBytes (64, 784)', 50_176, () => k.gatherBytes(out, A, D + 64, 64, 784, 255)],
    ['uniform', n, () => k.uniform(out, n, 1, 2, 0, 0, 3, -1, 1)],
  ];
}

console.log(`one core; ${machine()}; median [lowest to highest] of ${ROUNDS} rounds in turns`);
const { sgemm, path, config, why } = await openBlas();
console.log(
  sgemm ? `OpenBLAS: ${path}, ${config}, 1 thread` : `skipped: ${why} (Debian: apt-get install libopenblas0-pthread)`,
);
if (builds.length === 1) console.log('skipped: relaxed SIMD, which this Node does not have (22 and later do)');
console.log('\nGFLOP/s');
for (const product of PRODUCTS) benchProduct(product, sgemm);
console.log('\nns an element');
for (const [what, elements, run] of elementwiseCases(sets[0].kernels)) {
  const [ms] = takeTurns([run]);
  console.log(
    `${what.padEnd(31)} ${spread(
      ms.map((value) => (value * 1e6) / elements),
      2,
    )}`,
  );
}
