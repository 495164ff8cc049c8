// A candidate → whether it passed the test in a process of its own, remembered in the user's cache folder. The coordinator.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, homedir, release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blasVariables, coreChoices } from './blas-library.ts';
import type { BlasTestResult } from './blas-test.ts';

/** Raised whenever the test itself changes: old verdicts count no more. */
const TEST_VERSION = 1;
/** Under a second on two cores, once a library and machine. */
export const SHORT_TEST_PRODUCTS = 20_000;
const MOST_THREADS = 64;
/** For the start of a process, and for each product: hundreds of times what it takes on any machine. */
const START_LIMIT_MS = 60_000;
const PRODUCT_LIMIT_MS = 5;
/** How a process ends that a library has broken; any other signal says nothing of the library. */
const CRASHES: readonly (string | null)[] = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGABRT'];

/** The verdict on a library, from the cache where it is there. */
export function judgeBlas(path: string): BlasTestResult {
  const file = verdictFile(path);
  return (file === undefined ? undefined : readVerdict(file)) ?? testInProcess(path, SHORT_TEST_PRODUCTS);
}

/**
 * Tests a library with so many products in as many threads as there are cores, at least two, and keeps the verdict.
 * A test that could not be made (no memory, stopped from outside) is a refusal too, but is not kept.
 */
export function testInProcess(path: string, products: number): BlasTestResult {
  const threads = Math.max(2, Math.min(availableParallelism(), MOST_THREADS));
  const entry = fileURLToPath(new URL('../../workers/blas-test.js', import.meta.url));
  const { NODE_OPTIONS: _, ...variables } = process.env;
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    [entry, JSON.stringify({ path, threads, products })],
    {
      encoding: 'utf8',
      timeout: START_LIMIT_MS + products * PRODUCT_LIMIT_MS,
      env: { ...variables, ...blasVariables() },
    },
  );
  if (status === 0) return keepVerdict(path, JSON.parse(stdout) as BlasTestResult);
  const reason = signal ?? error?.message ?? stderr.trim().split('\n').at(-1);
  const refusal = `${path}: expected its test to end, got: ${reason}; use another library, or LOCKSTEP_BLAS=none`;
  return CRASHES.includes(signal) ? keepVerdict(path, { refusal }) : { refusal };
}

/** The folder of verdicts. */
export function cacheFolder(variables: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME } = variables;
  return join(
    XDG_CACHE_HOME === undefined || XDG_CACHE_HOME === '' ? join(homedir(), '.cache') : XDG_CACHE_HOME,
    'lockstep',
  );
}

/**
 * The file of a library's verdict: named by a hash of all that the verdict depends on. The library's contents count by file, size and
 * times: hashing OpenBLAS's 36 MB takes 55 ms, at every start. Undefined where the path is no file: that is judged again.
 */
function verdictFile(path: string): string | undefined {
  const stamp = fileStamp(path);
  if (stamp === undefined) return undefined;
  const hash = createHash('sha256').update(
    JSON.stringify([TEST_VERSION, path, stamp, cpus()[0]?.model, process.arch, availableParallelism(), coreChoices()]),
  );
  return join(cacheFolder(), `blas-${hash.digest('hex').slice(0, 32)}.json`);
}

function fileStamp(path: string): unknown {
  try {
    // Follows links, as the loader does: another alternative is another file.
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [dev, ino, size, mtimeMs, ctimeMs];
  } catch {
    // Apple's frameworks lie in the loader's own cache, which changes with the system.
    return process.platform === 'darwin' ? release() : undefined;
  }
}

function readVerdict(file: string): BlasTestResult | undefined {
  try {
    const verdict = JSON.parse(readFileSync(file, 'utf8')) as BlasTestResult;
    return 'refusal' in verdict ? checkText(verdict, verdict.refusal) : checkText(verdict, verdict.name?.identity);
  } catch {
    return undefined;
  }
}

function checkText(verdict: BlasTestResult, text: unknown): BlasTestResult | undefined {
  return typeof text === 'string' ? verdict : undefined;
}

/** A folder that cannot be written costs the test again next time, nothing else. */
function keepVerdict(path: string, verdict: BlasTestResult): BlasTestResult {
  const file = verdictFile(path);
  if (file === undefined) return verdict;
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    const part = `${file}.${process.pid}`;
    writeFileSync(part, `${JSON.stringify({ path, ...verdict }, null, 2)}\n`);
    renameSync(part, file);
  } catch {}
  return verdict;
}
