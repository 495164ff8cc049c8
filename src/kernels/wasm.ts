// The built .wasm files → kernels over one shared memory, and the choice between the two builds; any thread.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KERNEL_NAMES, type Kernel, type KernelName, type KernelSet } from './kernel-set.ts';

/** `simd`: the same bits everywhere. `relaxed`: gemm with relaxed multiply-add, the same bits on one machine and engine. */
export type WasmBuild = 'simd' | 'relaxed';

/** What `numerics` resolves to: stored with the run; a resume compares `identity`. */
export interface ResolvedNumerics {
  numerics: 'portable' | 'fast';
  build: WasmBuild;
  identity: string;
  /** Why the choice is less than what was asked for. */
  notice?: string;
}

function readModule(build: WasmBuild): Buffer<ArrayBuffer> {
  return readFileSync(fileURLToPath(new URL(`./lockstep-${build}.wasm`, import.meta.url)));
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
 */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  build: WasmBuild,
): KernelSet {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const entries = KERNEL_NAMES.map((name) => [name, exports[name] as Kernel] as const);
  return { backend: backendIdentity(build), kernels: Object.fromEntries(entries) as Record<KernelName, Kernel> };
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
  const { gemm } = new WebAssembly.Instance(compileKernels('relaxed'), { env: { memory } }).exports as {
    gemm: Kernel;
  };
  const [a, b, c, scratch] = [65536, 65600, 65664, 65792];
  const e = 2 ** -13;
  new Float32Array(memory.buffer, a, 2).set([-1, 1 + e]);
  new Float32Array(memory.buffer, b, 2).set([1, 1 - e]);
  gemm(0, 0, 1, 1, 2, a, 2, b, 1, c, 1, 0, 0, 0, scratch);
  return new Float32Array(memory.buffer, c, 1)[0] !== 0;
}

/**
 * The build for the wanted numerics: `fast` is the relaxed build where the engine has it; `auto` is `fast` where that
 * differs from `portable`.
 */
export function resolveNumerics(wanted: 'auto' | 'portable' | 'fast'): ResolvedNumerics {
  const portable = { numerics: 'portable', build: 'simd', identity: backendIdentity('simd') } as const;
  if (wanted === 'portable') return portable;
  if (isRelaxedSimdAvailable()) return { numerics: 'fast', build: 'relaxed', identity: backendIdentity('relaxed') };
  if (wanted === 'auto') return portable;
  return {
    ...portable,
    numerics: 'fast',
    notice: `numerics: expected relaxed SIMD for fast, got an engine without it (node ${process.versions.node}); fast equals portable here, use Node 22 or later`,
  };
}
