// Which products should go to BLAS? Each shape by BLAS and by our own gemm in alternating pairs; then what thresholds would lose.
// node bench/blas-rule.mjs [--pairs 9]; the measurement behind src/kernels/blas-rule.ts.
import { parseArgs } from 'node:util';
import { loadBlas } from '../dist/src/kernels/blas-library.js';
import { isForBlas, tileProducts } from '../dist/src/kernels/blas-rule.js';
import { findBlas } from '../dist/src/kernels/find-blas.js';
import { gemmScratchBytes } from '../dist/src/kernels/gemm-scratch.js';
import { compileKernels, instantiateKernels, isRelaxedSimdAvailable } from '../dist/src/kernels/wasm.js';
import { machine, median } from './pairs.mjs';

const { values } = parseArgs({ options: { pairs: { type: 'string', default: '9' } } });
const PAIRS = Number(values.pairs);
/** A turn of one side lasts about this long. */
const TURN_MS = 1.5;
const FORMS = [
  ['x·W', 0, 0],
  ['x·Wᵀ+b relu', 0, 1],
  ['xᵀ·dY', 1, 0],
];
const SIZES_M = [1, 4, 16, 64, 256];
const SIZES_N = [1, 3, 10, 32, 128, 512];
const SIZES_K = [4, 16, 64, 256, 784];

const { blas } = findBlas();
if (blas === undefined) {
  console.log('skipped: no BLAS that may be used (lockstep doctor)');
  process.exit(0);
}
const { sgemm } = loadBlas(blas.path);
const build = isRelaxedSimdAvailable() ? 'relaxed' : 'simd';
const pages = 400;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const { kernels: wasm } = instantiateKernels(compileKernels(build), memory, build);
const base = blas.baseOf(memory);
const MIB = 2 ** 20;
const [A, B, C, BIAS, SCRATCH] = [1, 5, 9, 13, 15].map((mib) => mib * MIB);
const floats = new Float32Array(memory.buffer);
for (let i = A / 4; i < SCRATCH / 4; i++) floats[i] = ((i * 2654435761) % 1024) / 1024 - 0.5;

function sides(transA, transB, m, n, k) {
  const [lda, ldb] = [transA ? m : k, transB ? k : n];
  // A bias and an activation go with the form of a dense layer: our gemm does them in its tiles, BLAS needs a pass of its own.
  const [bias, activation] = transB ? [BIAS, 1] : [0, 0];
  if (SCRATCH + gemmScratchBytes(m, n, k) > memory.buffer.byteLength) throw new Error('no room for scratch');
  return {
    own: () => wasm.gemm(transA, transB, m, n, k, A, lda, B, ldb, C, n, 0, bias, activation, SCRATCH),
    blas: () => {
      sgemm(101, 111 + transA, 111 + transB, m, n, k, 1, base + A, lda, base + B, ldb, 0, base + C, n);
      if (bias !== 0) wasm.biasActivation(C, m, n, n, bias, activation);
    },
  };
}

const timeOf = (run, calls) => {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return ((performance.now() - start) / calls) * 1000;
};

/** Median µs of each side and the median ratio blas / own of the pairs. */
function measure(transA, transB, m, n, k) {
  const { own, blas: other } = sides(transA, transB, m, n, k);
  const [ownCalls, blasCalls] = [own, other].map((run) => Math.max(1, Math.round((TURN_MS * 1000) / timeOf(run, 12))));
  const figures = { own: [], blas: [] };
  for (let pair = 0; pair < PAIRS; pair++) {
    const turns = [() => figures.own.push(timeOf(own, ownCalls)), () => figures.blas.push(timeOf(other, blasCalls))];
    if (pair % 2 === 1) turns.reverse();
    for (const turn of turns) turn();
  }
  const ratio = median(figures.blas.map((us, i) => us / figures.own[i]));
  return { own: median(figures.own), blas: median(figures.blas), ratio };
}

console.log(`${blas.identity} against wasm ${build}, one core; ${machine()}; medians of ${PAIRS} alternating pairs`);
// The first calls run in a slower tier.
for (const [, transA, transB] of FORMS) for (let i = 0; i < 100; i++) sides(transA, transB, 64, 64, 64).own();
const results = [];
for (const [form, transA, transB] of FORMS) {
  console.log(`\n${form}: BLAS time / own time (own µs); * where the rule takes BLAS`);
  for (const m of SIZES_M) {
    for (const n of SIZES_N) {
      const cells = SIZES_K.map((k) => {
        const figures = measure(transA, transB, m, n, k);
        const isChosen = isForBlas(blas.kind, m, n, k);
        results.push({ form, m, n, k, isChosen, ...figures });
        return `k=${k} ${figures.ratio.toFixed(2)} (${figures.own.toFixed(1)})${isChosen ? '*' : ' '}`;
      });
      console.log(`m=${m} n=${n}`.padEnd(12), cells.map((cell) => cell.padEnd(20)).join(''));
    }
  }
}

/** How much slower than the better side of each shape a choice is: geometric mean, and the worst shape. */
function regretOf(choose) {
  const regrets = results.map((one) => (choose(one) ? one.ratio : 1) / Math.min(1, one.ratio));
  const worst = results[regrets.indexOf(Math.max(...regrets))];
  const mean = Math.exp(regrets.reduce((sum, regret) => sum + Math.log(regret), 0) / regrets.length);
  const { form, m, n, k } = worst;
  return `×${mean.toFixed(3)} of the best choice, at worst ×${Math.max(...regrets).toFixed(2)} (${form} ${m}·${n}·${k})`;
}

console.log(`\nthe rule of the source: ${regretOf(({ isChosen }) => isChosen)}`);
console.log(`always our own: ${regretOf(() => false)}`);
for (let least = 512; least <= 524_288; least *= 2) {
  console.log(
    `BLAS from ${least} products of whole tiles: ${regretOf(({ m, n, k }) => tileProducts(m, n, k) >= least)}`,
  );
}
