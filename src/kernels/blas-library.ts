// A path → the BLAS there, named, made single-threaded, its sgemm ready to be called; or a refusal by name. Any thread.
import { createRequire } from 'node:module';
import { cpus, release } from 'node:os';

/** What of koffi is used: it is an optional package, and nothing of it is needed where there is none. */
interface Koffi {
  load(path: string): Library;
  address(view: Uint8Array): bigint;
}

interface Library {
  func(declaration: string): (...args: unknown[]) => unknown;
}

/** cblas_sgemm: order, transA, transB, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc; matrices by their addresses in the process. */
export type Sgemm = (
  order: number,
  transA: number,
  transB: number,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: number,
  c: number,
  ldc: number,
) => void;

/** The libraries whose reproducibility is known; their shape rules are in blas-rule.ts. */
export type BlasKind = 'openblas' | 'blis' | 'mkl' | 'accelerate';

/** Which library it is, on which kernels of its own. */
export interface BlasName {
  kind: BlasKind;
  version: string;
  /** The CPU family whose kernels it has chosen, or the mode that fixes them. */
  core: string;
  /** `openblas-0.3.21-zen`: two runs of one identity have the same bits. */
  identity: string;
}

/** A library that is named to other threads: they load the same path and refuse another identity. */
export interface BlasChoice {
  path: string;
  identity: string;
}

/** A loaded library. */
export interface LoadedBlas extends BlasName {
  path: string;
  sgemm: Sgemm;
  /** The address of a memory's first byte; the memory must be kept alive, and shared memory never moves. */
  baseOf(memory: WebAssembly.Memory): number;
}

/** Why a library is not used; one line that begins with its path. */
export class BlasRefusal extends Error {}

/** Each library's variable for one thread: workers are the threads. */
const ONE_THREAD = {
  OPENBLAS_NUM_THREADS: '1',
  OMP_NUM_THREADS: '1',
  BLIS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  MKL_THREADING_LAYER: 'SEQUENTIAL',
  VECLIB_MAXIMUM_THREADS: '1',
} as const;

/** Variables of a user that choose among a library's kernels. */
const CORE_VARIABLES = ['OPENBLAS_CORETYPE', 'BLIS_ARCH_TYPE', 'MKL_CBWR', 'MKL_ENABLE_INSTRUCTIONS'] as const;

/**
 * What the libraries are to read from the environment before the first load: one thread, and for MKL sums that do not depend on where
 * the matrices lie, which differs between workers, on its best kernels for this processor unless the user has chosen others.
 */
export function blasVariables({ MKL_CBWR }: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return { ...ONE_THREAD, MKL_CBWR: MKL_CBWR === undefined || MKL_CBWR === '' ? 'AUTO,STRICT' : MKL_CBWR };
}

/** What the kernels that a library chooses depend on, besides the library and the processor. */
export function coreChoices(variables: NodeJS.ProcessEnv = process.env): (string | null)[] {
  const all = { ...variables, ...blasVariables(variables) };
  return CORE_VARIABLES.map((name) => all[name] ?? null);
}

// Matrices as plain integers: a third less per call than void* (0.17 µs instead of 0.21 on Node 20).
const SGEMM =
  'void cblas_sgemm(int, int, int, int, int, int, float, uintptr_t, int, uintptr_t, int, float, uintptr_t, int)';

/**
 * koffi, or why there is none.
 * @throws BlasRefusal where the package is not installed or has no build for this platform.
 */
function requireKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n');
    throw new BlasRefusal(`koffi: expected the optional package, got: ${reason}; install it: npm install koffi`, {
      cause,
    });
  }
}

/** Whether native libraries can be called at all. */
export function isKoffiInstalled(): boolean {
  try {
    requireKoffi();
    return true;
  } catch {
    return false;
  }
}

/**
 * Loads and names a library. The coordinator must do so before any worker: only its environment reaches C.
 * @throws BlasRefusal that says what is missing or wrong.
 */
export function loadBlas(path: string): LoadedBlas {
  const koffi = requireKoffi();
  Object.assign(process.env, blasVariables());
  const library = openLibrary(koffi, path);
  const name = nameLibrary(library, path);
  const sgemm = find(library, SGEMM) as Sgemm | undefined;
  if (sgemm === undefined) {
    throw new BlasRefusal(`${path}: expected a function cblas_sgemm, got none; install a BLAS with the C interface`);
  }
  const baseOf = ({ buffer }: WebAssembly.Memory): number => Number(koffi.address(new Uint8Array(buffer)));
  return { path, ...name, sgemm, baseOf };
}

function openLibrary(koffi: Koffi, path: string): Library {
  try {
    return koffi.load(path);
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n');
    throw new BlasRefusal(`${path}: expected a library that loads, got: ${reason}`, { cause });
  }
}

function find(library: Library, declaration: string): ((...args: unknown[]) => unknown) | undefined {
  try {
    return library.func(declaration);
  } catch {
    return undefined;
  }
}

function nameLibrary(library: Library, path: string): BlasName {
  const name = nameOpenBlas(library, path) ?? nameBlis(library) ?? nameMkl(library, path) ?? nameAccelerate(path);
  if (name === undefined) {
    throw new BlasRefusal(
      `${path}: expected OpenBLAS, BLIS, MKL or Accelerate, got a BLAS without a name; install libopenblas0-pthread`,
    );
  }
  const [version, core] = [name.version, name.core].map((part) => part.toLowerCase().replace(/[^a-z0-9.,]+/g, '_'));
  return { ...name, identity: `${name.kind}-${version}-${core}` };
}

type Found = Omit<BlasName, 'identity'> | undefined;

/** @throws BlasRefusal for the build without locks: from two threads about 1 of its products in 4,000 was wrong, without an error. */
function nameOpenBlas(library: Library, path: string): Found {
  const config = find(library, 'const char* openblas_get_config()')?.();
  if (typeof config !== 'string') return undefined;
  const version = /OpenBLAS (\d\S*)/.exec(config)?.[1] ?? 'unknown';
  const parallel = find(library, 'int openblas_get_parallel()')?.();
  if (parallel === 0 || config.includes('SINGLE_THREADED')) {
    throw new BlasRefusal(
      `${path}: expected an OpenBLAS that is built for threads, got the serial one (${version}), whose products are wrong now and then when two threads multiply; install libopenblas0-pthread`,
    );
  }
  // Set already by its environment variable, unless C did not see that (a library that was loaded from a worker first).
  const threads = find(library, 'int openblas_get_num_threads()')?.();
  if (threads !== 1) find(library, 'void openblas_set_num_threads(int)')?.(1);
  const core = find(library, 'const char* openblas_get_corename()')?.();
  return { kind: 'openblas', version, core: typeof core === 'string' ? core : 'unknown' };
}

function nameBlis(library: Library): Found {
  const version = find(library, 'const char* bli_info_get_version_str()')?.();
  if (typeof version !== 'string') return undefined;
  find(library, 'void bli_thread_set_num_threads(int64_t)')?.(1);
  const id = find(library, 'int bli_arch_query_id()')?.();
  const core = find(library, 'const char* bli_arch_string(int)')?.(id);
  return { kind: 'blis', version, core: typeof core === 'string' ? core : 'unknown' };
}

/** Numbers of MKL's branches that have STRICT, of mkl_types.h. On other makers' processors than Intel's there is AUTO alone. */
const MKL_BRANCHES: ReadonlyMap<number, string> = new Map([
  [2, 'auto'],
  [10, 'avx2'],
  [12, 'avx512'],
  [14, 'avx512_e1'],
]);
const MKL_STRICT = 0x10000;
/** Asks for the branch and its flags at once. */
const MKL_CBWR_ALL = -1;

/** @throws BlasRefusal where its sums may depend on where the matrices lie: variables of a user may ask for that. */
function nameMkl(library: Library, path: string): Found {
  const read = find(library, 'void mkl_get_version_string(uint8_t*, int)');
  if (read === undefined) return undefined;
  const bytes = new Uint8Array(200);
  read(bytes, bytes.length);
  const version = /Version ([\d.]+)/.exec(Buffer.from(bytes).toString('latin1'))?.[1] ?? 'unknown';
  const mode = find(library, 'int MKL_CBWR_Get(int)')?.(MKL_CBWR_ALL);
  const branch = typeof mode === 'number' && mode & MKL_STRICT ? MKL_BRANCHES.get(mode ^ MKL_STRICT) : undefined;
  if (branch === undefined) {
    throw new BlasRefusal(
      `${path}: expected MKL (${version}) in a mode with STRICT, as its sums depend on where matrices lie without it, got MKL_CBWR=${process.env.MKL_CBWR} (mode ${mode}); unset it, or MKL_CBWR=AVX2,STRICT`,
    );
  }
  // Which kernels AUTO means is the processor's matter.
  return { kind: 'mkl', version, core: branch === 'auto' ? `auto ${cpus()[0]?.model ?? process.arch}` : branch };
}

/** It tells no version: its own is that of the system. */
function nameAccelerate(path: string): Found {
  return path.includes('Accelerate') ? { kind: 'accelerate', version: release(), core: process.arch } : undefined;
}
