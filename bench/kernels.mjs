// How fast is gemm, beside OpenBLAS with one thread on the same memory? tinybench, interleaved rounds, medians.
import { existsSync } from 'node:fs';
import { Bench } from 'tinybench';
import { gemmScratchBytes } from '../dist/src/kernels/gemm-scratch.js';
import { compileKernels, instantiateKernels, isRelaxedSimdAvailable } from '../dist/src/kernels/wasm.js';
import { machine, median } from './pairs.mjs';

process.env.OPENBLAS_NUM_THREADS = '1';
const OPENBLAS = [
  '/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0',
  '/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0',
];
const ROUNDS = 15;
const [ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE] = [101, 111, 112];

// [transA, transB, m, n, k, what it is]: a square product, then those of the workload `mlp` (64 rows a shard).
const SHAPES = [
  [0, 0, 512, 512, 512, 'square'],
  [0, 1, 64, 512, 784, 'forward, first layer'],
  [1, 0, 512, 784, 64, 'weight gradient, first layer'],
  [0, 0, 64, 512, 256, 'input gradient, second layer'],
  [0, 1, 64, 10, 256, 'forward, last layer'],
];

const MOST = 1024 * 1024;
const [A, B, C, SCRATCH] = [0, 1, 2, 3].map((i) => 65_536 + i * MOST * 4);
const pages = 1 + Math.ceil((3 * MOST * 4 + gemmScratchBytes(1024, 1024, 1024)) / 65_536);
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const floats = new Float32Array(memory.buffer);
for (let i = A / 4; i < C / 4; i++) floats[i] = Math.sin(i);

async function loadOpenBlas() {
  const file = OPENBLAS.find((path) => existsSync(path));
  if (file === undefined) {
    console.log('skipped: OpenBLAS, which is not installed (Debian: apt-get install libopenblas0-pthread)');
    return undefined;
  }
  const { default: koffi } = await import('koffi');
  const sgemm = koffi
    .load(file)
    .func(
      'void cblas_sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int)',
    );
  const [a, b, c] = [A, B, C].map((at) => new Float32Array(memory.buffer, at, MOST));
  return (transA, transB, m, n, k) =>
    sgemm(
      ROW_MAJOR,
      transA ? TRANSPOSE : NO_TRANSPOSE,
      transB ? TRANSPOSE : NO_TRANSPOSE,
      m,
      n,
      k,
      1,
      a,
      transA ? m : k,
      b,
      transB ? k : n,
      0,
      c,
      n,
    );
}

function ours(build) {
  const { gemm } = instantiateKernels(compileKernels(build), memory, build).kernels;
  return (transA, transB, m, n, k) =>
    gemm(transA, transB, m, n, k, A, transA ? m : k, B, transB ? k : n, C, n, 0, 0, 0, SCRATCH);
}

const candidates = { portable: ours('simd') };
if (isRelaxedSimdAvailable()) candidates.relaxed = ours('relaxed');
else console.log('skipped: relaxed, which this Node does not compile (22 and later do)');
const openBlas = await loadOpenBlas();
if (openBlas !== undefined) candidates.openblas = openBlas;

console.log(
  `gemm, f32, one thread, GFLOP/s as median [lowest to highest of ${ROUNDS} interleaved rounds]; ${machine()}`,
);
for (const [transA, transB, m, n, k, what] of SHAPES) {
  const figures = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const bench = new Bench({ time: 40, iterations: 3, warmup: round === 0, warmupTime: 50 });
    for (const [name, run] of Object.entries(candidates)) bench.add(name, () => run(transA, transB, m, n, k));
    await bench.run();
    for (const { name, result } of bench.tasks) figures[name].push((2 * m * n * k) / result.latency.p50 / 1e6);
  }
  const shown = Object.entries(figures).map(([name, values]) => {
    const spread = `[${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}]`;
    if (name === 'openblas' || openBlas === undefined) return `${name} ${median(values).toFixed(1)} ${spread}`;
    const ratios = values.map((value, round) => value / figures.openblas[round]);
    return `${name} ${median(values).toFixed(1)} ${spread} = ${median(ratios).toFixed(3)} of openblas`;
  });
  console.log(`${m}×${n}×${k} ${transA ? 'Aᵀ' : 'A'}·${transB ? 'Bᵀ' : 'B'} (${what}): ${shown.join(', ')}`);
}
console.log('wanted for 512×512×512: portable ≥ 0.40, relaxed ≥ 0.45 of openblas');
