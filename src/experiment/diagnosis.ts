// This machine → what lockstep can use of it: cores, memory, engine, every BLAS with its test and its speed. The coordinator's thread.
import { availableParallelism, freemem, totalmem } from 'node:os';
import { findCandidates, thisPlace } from '../kernels/blas-candidates.ts';
import { isKoffiInstalled, type LoadedBlas, loadBlas } from '../kernels/blas-library.ts';
import { measureSpeeds } from '../kernels/blas-speed.ts';
import { testInProcess } from '../kernels/blas-verdict.ts';
import { resolveNumerics } from '../kernels/numerics.ts';
import { isRelaxedSimdAvailable } from '../kernels/wasm.ts';
import { cpuModel } from './environment.ts';
import { lockstepVersion } from './version.ts';

/** A BLAS that was found. */
export interface FoundLibrary {
  path: string;
  /** Null where it is refused. */
  identity: string | null;
  /** Why it is not used, or null. */
  refusal: string | null;
  /** Products in its test, from all threads at once; null where it did not come to that. */
  products: number | null;
  seconds: number | null;
  /** 512³ on one core, in GFLOP/s. */
  gigaflops: number | null;
}

/** What `lockstep doctor` tells; with `--json` as it is. */
export interface Diagnosis {
  lockstep: string;
  node: string;
  platform: string;
  arch: string;
  cpu: string;
  /** Cores that this process may use. */
  cores: number;
  memoryBytes: number;
  freeMemoryBytes: number;
  relaxedSimd: boolean;
  /** Whether koffi is there, which calls a BLAS. */
  koffi: boolean;
  /** The variable LOCKSTEP_BLAS, or null. */
  lockstepBlas: string | null;
  /** 512³ on one core, in GFLOP/s, of our own kernels. */
  wasm: { simd: number; relaxed: number | null };
  /** In the order in which they are tried: the first that is not refused is used. */
  libraries: FoundLibrary[];
  /** What `numerics: auto` is here, or why no run can begin with it. */
  auto: { numerics: 'portable' | 'fast'; backend: string } | { error: string };
}

/** Looks at the machine; each library is tested with so many products, whatever was found before. */
export function diagnose(products: number): Diagnosis {
  const koffi = isKoffiInstalled();
  const place = thisPlace();
  const found = findCandidates(place).map(({ path }) => testLibrary(path, products, koffi));
  const relaxedSimd = isRelaxedSimdAvailable();
  const builds = relaxedSimd ? (['simd', 'relaxed'] as const) : (['simd'] as const);
  const speeds = measureSpeeds(
    builds,
    found.flatMap(({ blas }) => (blas === undefined ? [] : [blas])),
  );
  const libraries = found.map(({ blas, library }) => ({
    ...library,
    gigaflops: blas === undefined ? null : (speeds.libraries.shift() ?? null),
  }));
  return {
    lockstep: lockstepVersion(),
    node: process.versions.node,
    platform: place.platform,
    arch: place.arch,
    cpu: cpuModel(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    relaxedSimd,
    koffi,
    lockstepBlas: place.variables.LOCKSTEP_BLAS ?? null,
    wasm: { simd: speeds.builds[0], relaxed: speeds.builds[1] ?? null },
    libraries,
    auto: resolveAuto(),
  };
}

function testLibrary(
  path: string,
  products: number,
  hasKoffi: boolean,
): { blas?: LoadedBlas; library: Omit<FoundLibrary, 'gigaflops'> } {
  const nothing = { path, identity: null, products: null, seconds: null };
  if (!hasKoffi) return { library: { ...nothing, refusal: `${path}: expected koffi to call it with, got none` } };
  const result = testInProcess(path, products);
  if ('refusal' in result) return { library: { ...nothing, refusal: result.refusal } };
  const { name, seconds } = result;
  const library = { path, identity: name.identity, refusal: null, products: result.products, seconds };
  return { blas: loadBlas(path), library };
}

function resolveAuto(): Diagnosis['auto'] {
  try {
    const { numerics, identity } = resolveNumerics('auto');
    return { numerics, backend: identity };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
