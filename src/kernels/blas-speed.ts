// Sides that multiply 512 × 512 matrices → how fast each does it on one core; they take turns, so that what the machine does meets all.
import type { LoadedBlas } from './blas-library.ts';
import { gemmScratchBytes } from './gemm-scratch.ts';
import { compileKernels, instantiateKernels, type WasmBuild } from './wasm.ts';

const SIZE = 512;
const MATRIX_BYTES = 4 * SIZE * SIZE;
const FIRST_ADDRESS = 65_536;
const ROUNDS = 9;
/** Long enough for the clock, shorter than the half-seconds in which some machines change their speed. */
const CALLS = 3;

/** Median GFLOP/s of each build and library, in their order. */
export function measureSpeeds(
  builds: readonly WasmBuild[],
  libraries: readonly LoadedBlas[],
): { builds: number[]; libraries: number[] } {
  const [a, b, c, scratch] = [0, 1, 2, 3].map((matrix) => FIRST_ADDRESS + matrix * MATRIX_BYTES);
  const pages = Math.ceil((scratch + gemmScratchBytes(SIZE, SIZE, SIZE)) / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Float32Array(memory.buffer, a, 2 * SIZE * SIZE).fill(0.5);
  const ofBuilds = builds.map((build) => {
    const { gemm } = instantiateKernels(compileKernels(build), memory, build).kernels;
    return () => gemm(0, 0, SIZE, SIZE, SIZE, a, SIZE, b, SIZE, c, SIZE, 0, 0, 0, scratch);
  });
  const ofLibraries = libraries.map(({ sgemm, baseOf }) => {
    const base = baseOf(memory);
    return () => sgemm(101, 111, 111, SIZE, SIZE, SIZE, 1, base + a, SIZE, base + b, SIZE, 0, base + c, SIZE);
  });
  const speeds = takeTurns([...ofBuilds, ...ofLibraries]);
  return { builds: speeds.slice(0, builds.length), libraries: speeds.slice(builds.length) };
}

function takeTurns(sides: readonly (() => void)[]): number[] {
  // The first calls run in a slower tier.
  for (const side of sides) for (let i = 0; i < 12; i++) side();
  const figures: number[][] = sides.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    const order = sides.map((_, i) => (round % 2 === 0 ? i : sides.length - 1 - i));
    for (const i of order) figures[i].push(gigaflops(sides[i]));
  }
  return figures.map((values) => values.sort((x, y) => x - y)[ROUNDS >> 1]);
}

function gigaflops(run: () => void): number {
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) run();
  return (CALLS * 2 * SIZE * SIZE * SIZE) / (performance.now() - start) / 1e6;
}
