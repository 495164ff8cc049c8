// Cases of kernels → GFLOP/s and GB/s of each on one core, beside what this machine does at best. Main thread.
import { Bench } from 'tinybench';
import { findBlas } from '../kernels/find-blas.ts';
import { resolveNumerics } from '../kernels/numerics.ts';
import { backendIdentity, compileKernels, instantiateKernels } from '../kernels/wasm.ts';
import { Arena } from './arena.ts';
import type { KernelCase } from './kernel-case.ts';
import { ARENA_BYTES, kernelCases } from './kernel-cases.ts';
import { measureProducts, type ProductReport } from './measure-products.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** A row of the report. */
export interface KernelRow {
  kernel: string;
  size: string;
  /** µs a call. */
  us: Spread;
  gigaflops: number;
  gigabytes: number;
  /** Of the peak rate of arithmetic or of moving, whichever is closer to its peak. */
  share: number;
  limit: 'arithmetic' | 'memory';
}

/** What the machine does at best, measured just before the rows. */
export interface Peak {
  /** Our own product of 512 × 512 matrices. */
  gigaflops: number;
  /** Our own copy of 8 MiB, read and written: beyond L2, as what workers share is. */
  gigabytes: number;
  /** The same of 64 KiB, which stay in L2, as the rows' arrays do. */
  cachedGigabytes: number;
}

/** All of `lockstep bench kernels`. */
export interface KernelReport {
  backend: string;
  peak: Peak;
  rows: KernelRow[];
  /** Our own gemm beside the machine's BLAS, where gemm is among the kernels. */
  products?: ProductReport;
}

/** What is measured, how thoroughly, and who is told of each kernel. */
export interface KernelOptions {
  numerics: 'auto' | 'portable' | 'fast';
  /** Names of kernels; all where undefined. */
  kernels?: readonly string[];
  /** How long a kernel is run, about. */
  kernelMs: number;
  onKernel?: (kernel: string) => void;
}

// A WebAssembly function changes to the faster tier after about ten calls, which happens on another thread.
const WARM_UP_CALLS = 20;
const BATCHES = 15;
const WARM_UP_SHARE = 0.5;

/** Measures the peak, then one kernel after the other. */
export function measureKernels({ numerics, kernels: names, kernelMs, onKernel }: KernelOptions): KernelReport {
  const { build, blas } = resolveNumerics(numerics);
  const arena = new Arena(ARENA_BYTES);
  const { kernels } = instantiateKernels(compileKernels(build), arena.memory, build);
  const measure = (one: KernelCase) => {
    arena.clear();
    const args = one.args(arena);
    const kernel = kernels[one.kernel];
    return { us: measureCall(() => void kernel(...args), kernelMs), bytes: arena.movedBytes };
  };
  const before = measurePeak(measure);
  const measured = kernelCases(names).map((one) => {
    onKernel?.(one.kernel);
    return { one, ...measure(one) };
  });
  // Machines change their speed meanwhile: what it did at best is the better of two goes.
  const peak = better(before, measurePeak(measure));
  const rows = measured.map(({ one, us, bytes }) => describe(one, { us, bytes }, peak));
  const report = { backend: backendIdentity(build), peak, rows };
  if (names !== undefined && !names.includes('gemm')) return report;
  // Loaded when it was found.
  const library = blas && findBlas().blas;
  return { ...report, products: measureProducts({ build, blas: library, ms: kernelMs, onShape: onKernel }) };
}

type Measure = (one: KernelCase) => { us: Spread; bytes: number };

function measurePeak(measure: Measure): Peak {
  const copyOf = (elements: number): KernelCase => ({
    kernel: 'copy',
    size: '',
    flops: 0,
    args: (a) => [a.floats(elements), a.floats(elements), elements],
  });
  const bandwidth = (elements: number) => {
    const { us, bytes } = measure(copyOf(elements));
    return bytes / us.low / 1e3;
  };
  const square = kernelCases(['gemm'])[0];
  const product = measure(square);
  return {
    gigaflops: square.flops / product.us.low / 1e3,
    gigabytes: bandwidth(2 ** 20),
    cachedGigabytes: bandwidth(8192),
  };
}

function better(a: Peak, b: Peak): Peak {
  return {
    gigaflops: Math.max(a.gigaflops, b.gigaflops),
    gigabytes: Math.max(a.gigabytes, b.gigabytes),
    cachedGigabytes: Math.max(a.cachedGigabytes, b.cachedGigabytes),
  };
}

function describe({ kernel, size, flops }: KernelCase, { us, bytes }: ReturnType<Measure>, peak: Peak): KernelRow {
  const gigaflops = flops / us.median / 1e3;
  const gigabytes = bytes / us.median / 1e3;
  const [arithmetic, memory] = [gigaflops / peak.gigaflops, gigabytes / peak.cachedGigabytes];
  const limit = arithmetic > memory ? 'arithmetic' : 'memory';
  return { kernel, size, us, gigaflops, gigabytes, share: Math.max(arithmetic, memory), limit };
}

/** µs a call: batches of calls that last long enough for the clock, by tinybench. */
function measureCall(run: () => void, ms: number): Spread {
  const start = performance.now();
  let calls = 0;
  while (calls < WARM_UP_CALLS || performance.now() - start < WARM_UP_SHARE * ms) {
    run();
    calls++;
  }
  const perBatch = Math.max(1, Math.ceil((calls * ms) / (performance.now() - start) / BATCHES));
  const bench = new Bench({ iterations: BATCHES, time: 0, warmup: false, retainSamples: true });
  bench.add('kernel', () => {
    for (let i = 0; i < perBatch; i++) run();
  });
  bench.runSync();
  const { result } = bench.tasks[0];
  if (result.state !== 'completed') throw new Error(`bench: expected figures, got ${result.state}`);
  const samples = result.latency.samples ?? [];
  return spreadOf(samples.map((batchMs) => (1000 * batchMs) / perBatch));
}
