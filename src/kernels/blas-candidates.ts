// The machine and its environment → paths at which a BLAS may lie, best first. Pure but for looking whether they exist; the coordinator.
import { existsSync, realpathSync } from 'node:fs';

/** A file that may be a BLAS. */
export interface BlasCandidate {
  path: string;
  /** Whether the user asked for it by LOCKSTEP_BLAS: then no other is taken in its place. */
  isAskedFor: boolean;
}

/** What decides where to look. */
export interface Place {
  platform: NodeJS.Platform;
  arch: string;
  variables: NodeJS.ProcessEnv;
}

/** LOCKSTEP_BLAS=none: no BLAS is looked for. */
const NONE = 'none';

const ACCELERATE = '/System/Library/Frameworks/Accelerate.framework/Accelerate';
const MACOS = [
  // Always there, and the only one that uses Apple's matrix units.
  ACCELERATE,
  '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
  '/usr/local/opt/openblas/lib/libopenblas.dylib',
];

const TRIPLETS: Readonly<Record<string, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/** MKL as pip and conda install it, the one in use first, and Intel. */
function mklPaths(triplet: string, { VIRTUAL_ENV, CONDA_PREFIX, HOME }: NodeJS.ProcessEnv): string[] {
  const folders = [
    VIRTUAL_ENV && `${VIRTUAL_ENV}/lib`,
    CONDA_PREFIX && `${CONDA_PREFIX}/lib`,
    HOME && `${HOME}/.local/lib`,
    '/usr/local/lib',
    '/opt/intel/oneapi/mkl/latest/lib',
    '/opt/intel/oneapi/mkl/latest/lib/intel64',
  ].filter((folder) => folder !== undefined && folder !== '');
  const versions = folders.flatMap((folder) => [`${folder}/libmkl_rt.so.3`, `${folder}/libmkl_rt.so.2`]);
  return [...versions, `/usr/lib/${triplet}/libmkl_rt.so`];
}

/** OpenBLAS, BLIS, MKL as Debian, Fedora, SUSE, Arch, Alpine and their makers install them; then whatever the system calls its BLAS. */
function linuxPaths(triplet: string, variables: NodeJS.ProcessEnv): string[] {
  return [
    `/usr/lib/${triplet}/openblas-pthread/libopenblas.so.0`,
    `/usr/lib/${triplet}/openblas-openmp/libopenblas.so.0`,
    `/usr/lib/${triplet}/libopenblas.so.0`,
    `/usr/lib/${triplet}/openblas-serial/libopenblas.so.0`,
    '/usr/lib64/libopenblasp.so.0',
    '/usr/lib64/libopenblas.so.0',
    '/usr/lib/libopenblas.so.0',
    '/usr/lib/libopenblas.so.3',
    '/usr/local/lib/libopenblas.so.0',
    '/opt/OpenBLAS/lib/libopenblas.so.0',
    `/usr/lib/${triplet}/blis-pthread/libblis.so.4`,
    `/usr/lib/${triplet}/blis-openmp/libblis.so.4`,
    '/usr/lib64/libblis.so.4',
    '/usr/local/lib/libblis.so.4',
    ...mklPaths(triplet, variables),
    `/usr/lib/${triplet}/libblas.so.3`,
    '/usr/lib64/libblas.so.3',
  ];
}

/** Every path that is looked at on such a machine, whether it exists or not; LOCKSTEP_BLAS is not among them. */
export function usualPaths({ platform, arch, variables }: Place): string[] {
  if (platform === 'darwin') return MACOS;
  if (platform === 'linux') return linuxPaths(TRIPLETS[arch] ?? `${arch}-linux-gnu`, variables);
  return [];
}

/** The candidates that exist, each file once; only that of LOCKSTEP_BLAS where it is set, existing or not. */
export function findCandidates(place: Place = thisPlace()): BlasCandidate[] {
  const asked = place.variables.LOCKSTEP_BLAS;
  if (asked === NONE) return [];
  if (asked !== undefined && asked !== '') return [{ path: asked, isAskedFor: true }];
  const seen = new Set<string>();
  return usualPaths(place).flatMap((path) => {
    // The system's own frameworks lie in a cache of the loader and not in the file system.
    if (path !== ACCELERATE && !existsSync(path)) return [];
    const file = path === ACCELERATE ? path : realpathSync(path);
    if (seen.has(file)) return [];
    seen.add(file);
    return [{ path, isAskedFor: false }];
  });
}

/** This process. */
export function thisPlace(): Place {
  return { platform: process.platform, arch: process.arch, variables: process.env };
}
