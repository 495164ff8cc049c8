// The built .wasm files, and a BLAS if there is one → kernels over one shared memory; any thread.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { blasGemm, blasImports, NO_BLAS } from './blas.ts';
import { type BlasChoice, type LoadedBlas, loadBlas } from './blas-library.ts';
import { KERNEL_NAMES, type Kernel, type KernelName, type KernelSet } from './kernel-set.ts';

/** `simd`: the same bits everywhere. `relaxed`: gemm with relaxed multiply-add, the same bits on one machine and engine. */
export type WasmBuild = 'simd' | 'relaxed';

function readModule(build: WasmBuild): Buffer<ArrayBuffer> {
  return readFileSync(fileURLToPath(new URL(`../../src/kernels/lockstep-${build}.wasm`, import.meta.url)));
}

/** Whether this engine compiles the relaxed build (Node 22 and later do). */
export function isRelaxedSimdAvailable(): boolean {
  return WebAssembly.validate(readModule('relaxed'));
}

/** Compiles a build, once a process: the module may be posted to worker threads. */
export function compileKernels(build: WasmBuild): WebAssembly.Module {
  return new WebAssembly.Module(readModule(build));
}

/**
 * The kernels of `module` over `memory`. Bytes 1024 to 65535 of the memory hold the modules' constants; instantiating
 * again, in any thread, writes the same bytes there.
 * @param blas the library that takes the large products, which `resolveNumerics` has found and loaded in the coordinator.
 * @throws where this thread cannot load it, or finds another library there.
 */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  build: WasmBuild,
  blas?: BlasChoice,
): KernelSet {
  const library = blas && loadChosen(blas);
  const imports = library === undefined ? NO_BLAS : blasImports(library, memory);
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, blas: imports });
  const entries = KERNEL_NAMES.map((name) => [name, exports[name] as Kernel] as const);
  const kernels = Object.fromEntries(entries) as Record<KernelName, Kernel>;
  const backend = backendIdentity(build);
  if (library === undefined) return { backend, kernels };
  return {
    backend: `${library.identity}+${backend}`,
    kernels: { ...kernels, gemm: blasGemm(library, memory, kernels) },
  };
}

/** @throws where the library is not the one that was chosen: it would give other bits. */
function loadChosen({ path, identity }: BlasChoice): LoadedBlas {
  const library = loadBlas(path);
  if (library.identity === identity) return library;
  throw new Error(`${path}: expected ${identity}, got ${library.identity}; start the run again`);
}

let relaxedIdentity: string | undefined;

/** The identity of a build on this machine; for `relaxed` it says whether madd rounds once or twice here. */
export function backendIdentity(build: WasmBuild): string {
  if (build === 'simd') return 'wasm-simd';
  relaxedIdentity ??= probeFusedMultiplyAdd() ? 'wasm-relaxed-fma' : 'wasm-relaxed-muladd';
  return relaxedIdentity;
}

/** (1 + e)(1 - e) - 1 = -e²: kept by one rounding, lost by two. One gemm with k = 2 computes it in one madd chain. */
function probeFusedMultiplyAdd(): boolean {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const { gemm } = new WebAssembly.Instance(compileKernels('relaxed'), { env: { memory }, blas: NO_BLAS }).exports as {
    gemm: Kernel;
  };
  const [a, b, c, scratch] = [65536, 65600, 65664, 65792];
  const e = 2 ** -13;
  new Float32Array(memory.buffer, a, 2).set([-1, 1 + e]);
  new Float32Array(memory.buffer, b, 2).set([1, 1 - e]);
  gemm(0, 0, 1, 1, 2, a, 2, b, 1, c, 1, 0, 0, 0, scratch);
  return new Float32Array(memory.buffer, c, 1)[0] !== 0;
}
