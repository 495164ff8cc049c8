// This machine → the first BLAS that may be used, and why the others may not. The coordinator, before its workers load it.
import { findCandidates, type Place, thisPlace } from './blas-candidates.ts';
import { isKoffiInstalled, type LoadedBlas, loadBlas } from './blas-library.ts';
import { judgeBlas } from './blas-verdict.ts';

/** What was found, and on the way to it. */
export interface FoundBlas {
  /** Undefined where no library may be used. */
  blas?: LoadedBlas;
  /** Why libraries before it are not used. */
  refusals: string[];
}

const found = new Map<string, FoundBlas>();

/**
 * The machine's BLAS; looked for once a process.
 * @throws BlasNotUsable where the library of LOCKSTEP_BLAS may not be used.
 */
export function findBlas(place: Place = thisPlace()): FoundBlas {
  const key = place.variables.LOCKSTEP_BLAS ?? '';
  const known = found.get(key) ?? searchBlas(place);
  found.set(key, known);
  return known;
}

function searchBlas(place: Place): FoundBlas {
  const refusals: string[] = [];
  for (const { path, isAskedFor } of findCandidates(place)) {
    const refusal = refusalOf(path);
    if (refusal === undefined) return { blas: loadBlas(path), refusals };
    if (isAskedFor) throw new BlasNotUsable(`LOCKSTEP_BLAS: ${refusal}; or unset LOCKSTEP_BLAS`);
    refusals.push(refusal);
  }
  return { refusals };
}

function refusalOf(path: string): string | undefined {
  if (!isKoffiInstalled()) return `${path}: expected the package koffi to call it with, got none; npm install koffi`;
  const verdict = judgeBlas(path);
  return 'refusal' in verdict ? verdict.refusal : undefined;
}

/** The user named a library that may not be used. */
class BlasNotUsable extends Error {
  readonly exitCode = 2;
}
