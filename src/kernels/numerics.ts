// `numerics` of a config and this machine → the kernels of a run and their identity. The coordinator, once a run.
import type { BlasChoice } from './blas-library.ts';
import { findBlas } from './find-blas.ts';
import { backendIdentity, isRelaxedSimdAvailable, type WasmBuild } from './wasm.ts';

/** What `numerics` resolves to: stored with the run; a resume compares `identity`. */
export interface ResolvedNumerics {
  numerics: 'portable' | 'fast';
  build: WasmBuild;
  /** The library for large products; none without it. */
  blas?: BlasChoice;
  /** `wasm-simd`, `openblas-0.3.21-zen+wasm-simd`: runs of one identity have the same bits. */
  identity: string;
  /** Why the choice is less than what was asked for. */
  notice?: string;
}

const INSTALL = 'install OpenBLAS (lockstep doctor says how) or use Node 22 or later';

/**
 * The kernels for the wanted numerics: `fast` is BLAS where one passes its test, and relaxed SIMD where the engine has it; `auto` is
 * `fast` where that differs from `portable`.
 * @throws where the library that LOCKSTEP_BLAS names may not be used; `portable` never looks.
 */
export function resolveNumerics(wanted: 'auto' | 'portable' | 'fast'): ResolvedNumerics {
  const portable = { numerics: 'portable', build: 'simd', identity: backendIdentity('simd') } as const;
  if (wanted === 'portable') return portable;
  const build = isRelaxedSimdAvailable() ? 'relaxed' : 'simd';
  const { blas, refusals } = findBlas();
  if (blas !== undefined) {
    const { path, identity } = blas;
    return { numerics: 'fast', build, blas: { path, identity }, identity: `${identity}+${backendIdentity(build)}` };
  }
  if (build === 'relaxed') return { numerics: 'fast', build, identity: backendIdentity(build) };
  if (wanted === 'auto') return portable;
  const why = refusals.length === 0 ? 'no BLAS' : `no BLAS that may be used (${refusals.join('; ')})`;
  return {
    ...portable,
    numerics: 'fast',
    notice: `numerics: expected a BLAS or relaxed SIMD for fast, got ${why} and node ${process.versions.node}; fast equals portable here, ${INSTALL}`,
  };
}
