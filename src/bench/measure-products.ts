// Shapes of matrix products → GFLOP/s on one core of our own gemm and of the machine's BLAS, which take turns. Main thread.
import type { LoadedBlas } from '../kernels/blas-library.ts';
import { isForBlas } from '../kernels/blas-rule.ts';
import { gemmScratchBytes } from '../kernels/gemm-scratch.ts';
import { compileKernels, instantiateKernels, type WasmBuild } from '../kernels/wasm.ts';
import { Arena } from './arena.ts';
import { sizeText } from './kernel-case.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** A row of the table; GFLOP/s. */
export interface ProductRow {
  /** m × n × k. */
  size: string;
  own: Spread;
  /** Of the best that our own gemm does in any row. */
  ownShare: number;
  /** Null where the machine has no BLAS that may be used. */
  blas: Spread | null;
  /** Of the best that BLAS does in any row. */
  blasShare: number | null;
  /** Our own ÷ BLAS, of the batches that were taken in turn. */
  ratio: Spread | null;
  /** Where the rule sends the shape in a run that has the BLAS. */
  goesTo: 'own' | 'blas';
}

/** All of them. */
export interface ProductReport {
  /** Our own build, and the identity of the library. */
  build: WasmBuild;
  blas: string | null;
  rows: ProductRow[];
}

/** [m, n, k]: squares, odd sizes, few rows, few columns, few terms: the places where a gemm falls off. */
export const PRODUCT_SHAPES: readonly (readonly [number, number, number])[] = [
  ...[64, 128, 256, 512, 768, 1024].map((side) => [side, side, side] as const),
  ...[63, 129, 255, 511, 1021].map((side) => [side, side, side] as const),
  [97, 333, 777],
  ...[1, 4, 7, 16].map((m) => [m, 512, 512] as const),
  ...[1, 4, 10, 16].map((n) => [512, n, 512] as const),
  ...[1, 4, 9, 16, 31].map((k) => [512, 512, k] as const),
];

const BATCHES = 9;
const WARM_UP_CALLS = 20;

/** Bytes for the largest of the shapes: two factors, the product, scratch, and what lies between. */
function arenaBytes(shapes: readonly (readonly [number, number, number])[]): number {
  const bytesOf = ([m, n, k]: readonly [number, number, number]): number =>
    4 * (m * k + k * n + m * n) + gemmScratchBytes(m, n, k) + 4096;
  return Math.max(...shapes.map(bytesOf));
}

/** What is measured, and who is told of it. */
export interface ProductOptions {
  build: WasmBuild;
  blas?: LoadedBlas;
  shapes?: typeof PRODUCT_SHAPES;
  /** How long each side of a shape is run, about. */
  ms: number;
  onShape?: (size: string) => void;
}

/** Measures one shape after the other. */
export function measureProducts({ build, blas, shapes = PRODUCT_SHAPES, ms, onShape }: ProductOptions): ProductReport {
  const arena = new Arena(arenaBytes(shapes));
  const { gemm } = instantiateKernels(compileKernels(build), arena.memory, build).kernels;
  const rows = shapes.map(([m, n, k]) => {
    onShape?.(`gemm ${sizeText(m, n, k)}`);
    arena.clear();
    const [a, b, c] = [arena.floats(m * k), arena.floats(k * n), arena.floats(m * n)];
    const scratch = arena.room(gemmScratchBytes(m, n, k));
    const own = () => void gemm(0, 0, m, n, k, a, k, b, n, c, n, 0, 0, 0, scratch);
    const sides = blas === undefined ? [own] : [own, sgemmOf(blas, arena.memory, [m, n, k], [a, b, c])];
    const [ownRates, blasRates] = takeTurns(sides, 2 * m * n * k, ms);
    return {
      size: sizeText(m, n, k),
      own: spreadOf(ownRates),
      blas: blasRates === undefined ? null : spreadOf(blasRates),
      ratio: blasRates === undefined ? null : spreadOf(ownRates.map((rate, i) => rate / blasRates[i])),
      goesTo: blas !== undefined && isForBlas(blas.kind, m, n, k) ? ('blas' as const) : ('own' as const),
    };
  });
  const best = (side: 'own' | 'blas'): number => Math.max(...rows.map((row) => row[side]?.median ?? 0));
  return {
    build,
    blas: blas?.identity ?? null,
    rows: rows.map((row) => ({
      ...row,
      ownShare: row.own.median / best('own'),
      blasShare: row.blas === null ? null : row.blas.median / best('blas'),
    })),
  };
}

function sgemmOf(
  { sgemm, baseOf }: LoadedBlas,
  memory: WebAssembly.Memory,
  [m, n, k]: readonly [number, number, number],
  [a, b, c]: readonly number[],
): () => void {
  const base = baseOf(memory);
  return () => void sgemm(101, 111, 111, m, n, k, 1, base + a, k, base + b, n, 0, base + c, n);
}

/** GFLOP/s of each side in each batch; every other batch goes backwards. */
function takeTurns(sides: readonly (() => void)[], flops: number, ms: number): number[][] {
  const calls = sides.map((side) => callsIn(side, ms / BATCHES));
  const rates: number[][] = sides.map(() => []);
  for (let batch = 0; batch < BATCHES; batch++) {
    const order = sides.map((_, i) => (batch % 2 === 0 ? i : sides.length - 1 - i));
    for (const i of order) {
      const start = performance.now();
      for (let call = 0; call < calls[i]; call++) sides[i]();
      rates[i].push((calls[i] * flops) / (performance.now() - start) / 1e6);
    }
  }
  return rates;
}

/** How many calls take so long; the first ones run in a slower tier. */
function callsIn(side: () => void, ms: number): number {
  for (let i = 0; i < WARM_UP_CALLS; i++) side();
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < ms) {
    side();
    calls++;
  }
  return Math.max(1, calls);
}
