// The ladder of products, ready to be called: each rung is the same C (m, n) = A (m, k) B (k, n) of f32 in one memory.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBlas } from '../../dist/src/kernels/find-blas.js';
import { compileKernels, instantiateKernels, isRelaxedSimdAvailable } from '../../dist/src/kernels/wasm.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

function compileRungs(memory) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-ladder-'));
  try {
    const out = join(folder, 'gemm.wasm');
    const flags =
      '--optimizeLevel 3 --runtime stub --noAssert --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536';
    execFileSync(
      process.execPath,
      [
        join(root, 'node_modules/assemblyscript/bin/asc.js'),
        join(root, 'bench/ladder/gemm.ts'),
        ...flags.split(' '),
        ...['--enable', 'simd,threads', '--use', 'abort=', '-o', out],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(out)), { env: { memory } }).exports;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Three loops over typed arrays, as one would write them in JavaScript. */
function plain(floats) {
  return (m, n, k, a, b, c) => {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++)
          sum = Math.fround(sum + Math.fround(floats[a / 4 + i * k + p] * floats[b / 4 + p * n + j]));
        floats[c / 4 + i * n + j] = sum;
      }
    }
  };
}

/**
 * The rungs from the lowest up; `isExact`: with the bits of the first. `scratch` is an address.
 * @param {WebAssembly.Memory} memory
 * @param {number} scratch
 * @returns {{ name: string, multiply: (m: number, n: number, k: number, a: number, b: number, c: number) => void, isExact: boolean }[]}
 */
export function buildRungs(memory, scratch) {
  const rungs = compileRungs(memory);
  const packed = (build, blas) => {
    const { gemm } = instantiateKernels(compileKernels(build), memory, build, blas).kernels;
    return (m, n, k, a, b, c) => gemm(0, 0, m, n, k, a, k, b, n, c, n, 0, 0, 0, scratch);
  };
  const { blas } = findBlas();
  return [
    { name: 'JavaScript, three loops', multiply: plain(new Float32Array(memory.buffer)), isExact: true },
    { name: 'WebAssembly, three loops', multiply: rungs.scalar, isExact: true },
    { name: 'SIMD along the rows of C', multiply: rungs.vectorRows, isExact: true },
    { name: 'a tile of 4×8 in registers', multiply: rungs.registerTile, isExact: true },
    { name: 'packed panels: the gemm of lockstep', multiply: packed('simd'), isExact: true },
    ...(isRelaxedSimdAvailable()
      ? [{ name: 'the same, relaxed multiply-adds', multiply: packed('relaxed'), isExact: false }]
      : []),
    ...(blas === undefined ? [] : [{ name: blas.identity, multiply: packed('simd', blas), isExact: false }]),
  ];
}
