// Where a BLAS is looked for, and which libraries are refused by name. What does not depend on a BLAS runs everywhere.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { findCandidates, usualPaths } from '#src/kernels/blas-candidates.js';
import { blasVariables, coreChoices, isKoffiInstalled, loadBlas } from '#src/kernels/blas-library.js';
import { cacheFolder, judgeBlas } from '#src/kernels/blas-verdict.js';
import { findBlas } from '#src/kernels/find-blas.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-blas-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SERIAL = '/usr/lib/x86_64-linux-gnu/openblas-serial/libopenblas.so.0';
const MKL = usualPaths({ platform: process.platform, arch: process.arch, variables: process.env }).find(
  (path) => path.includes('libmkl_rt') && existsSync(path),
);
const LIBM = ['/lib/x86_64-linux-gnu/libm.so.6', '/lib/aarch64-linux-gnu/libm.so.6'].find((path) => existsSync(path));

describe('findCandidates', () => {
  const linux = { platform: 'linux', arch: 'x64' } as const;

  it('takes the library of LOCKSTEP_BLAS and no other, whether it exists or not, and none for none', () => {
    const asked = { ...linux, variables: { LOCKSTEP_BLAS: '/nowhere/libopenblas.so' } };
    expect(findCandidates(asked)).toEqual([{ path: '/nowhere/libopenblas.so', isAskedFor: true }]);
    expect(findCandidates({ ...linux, variables: { LOCKSTEP_BLAS: 'none' } })).toEqual([]);
  });

  it('gives files that exist, in the usual order, each once', () => {
    const paths = findCandidates({ ...linux, variables: { LOCKSTEP_BLAS: '' } }).map(({ path }) => path);
    expect(paths.every((path) => existsSync(path))).toBe(true);
    const order = paths.map((path) => usualPaths({ ...linux, variables: {} }).indexOf(path));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    // Debian's alternative for libopenblas.so.0 is one of those that stand before it.
    expect(paths).not.toContain('/usr/lib/x86_64-linux-gnu/libopenblas.so.0');
  });

  it('looks for MKL where pip and conda put it', () => {
    const paths = usualPaths({ ...linux, variables: { VIRTUAL_ENV: '/venv', CONDA_PREFIX: '/conda', HOME: '' } });
    expect(paths).toEqual(expect.arrayContaining(['/venv/lib/libmkl_rt.so.3', '/conda/lib/libmkl_rt.so.2']));
    expect(paths.filter((path) => path.startsWith('/.local'))).toEqual([]);
  });

  it('begins with Accelerate on macOS, which lies in no file, and knows nothing of other systems', () => {
    const [first] = findCandidates({ platform: 'darwin', arch: 'arm64', variables: {} });
    expect(first.path).toMatch(/Accelerate$/);
    expect(findCandidates({ platform: 'win32', arch: 'x64', variables: {} })).toEqual([]);
  });
});

describe.skipIf(!isKoffiInstalled())('loadBlas', () => {
  it('refuses what is not there and what is no library', () => {
    const text = join(folder, 'libtext.so');
    writeFileSync(text, 'no library');
    for (const path of ['/nowhere/libopenblas.so.0', text]) {
      expect(() => loadBlas(path)).toThrow(`${path}: expected a library that loads, got: `);
    }
  });

  it.skipIf(LIBM === undefined)('refuses a library that is no known BLAS', () => {
    expect(() => loadBlas(LIBM!)).toThrow(
      `${LIBM}: expected OpenBLAS, BLIS, MKL or Accelerate, got a BLAS without a name; install libopenblas0-pthread`,
    );
  });

  it.skipIf(!existsSync(SERIAL))('refuses the serial OpenBLAS by name', () => {
    expect(() => loadBlas(SERIAL)).toThrow(/expected an OpenBLAS that is built for threads, got the serial one/);
  });
});

test('MKL is asked for sums that do not depend on where matrices lie, unless the user asks for something else', () => {
  expect(blasVariables({})).toMatchObject({ MKL_CBWR: 'AUTO,STRICT', OPENBLAS_NUM_THREADS: '1' });
  expect(blasVariables({ MKL_CBWR: '' })).toEqual(blasVariables({}));
  expect(blasVariables({ MKL_CBWR: 'AVX2' }).MKL_CBWR).toBe('AVX2');
  expect(coreChoices({ OPENBLAS_CORETYPE: 'Zen' })).toEqual(['Zen', null, 'AUTO,STRICT', null]);
});

describe.skipIf(MKL === undefined || !isKoffiInstalled())('MKL', () => {
  const load = (variables: Record<string, string>): string =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { loadBlas } from '#src/kernels/blas-library.js'; console.log(loadBlas(${JSON.stringify(MKL)}).identity)`,
      ],
      { encoding: 'utf8', env: { ...process.env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] },
    ).trim();

  it('is named by version and mode', () => expect(load({ MKL_CBWR: '' })).toMatch(/^mkl-[\d.]+-(auto_|avx)/));
  it('is refused in a mode without STRICT', () => {
    expect(() => load({ MKL_CBWR: 'AVX2' })).toThrow(/expected MKL \(.*\) in a mode with STRICT/);
  });
});

test('cacheFolder is lockstep in XDG_CACHE_HOME, else in ~/.cache', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'lockstep'));
  expect(cacheFolder({})).toMatch(/\.cache.lockstep$/);
  expect(cacheFolder({ XDG_CACHE_HOME: '' })).toBe(cacheFolder({}));
});

describe.skipIf(findBlas().blas === undefined)('judgeBlas', () => {
  it('tests a library once and then believes its verdict, but for one that it cannot read', () => {
    const before = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = folder;
    try {
      const { path, identity } = findBlas().blas!;
      const verdict = judgeBlas(path);
      expect(verdict).toMatchObject({ name: { identity }, products: 20_000 });
      const [file, ...others] = readdirSync(cacheFolder()).map((name) => join(cacheFolder(), name));
      expect(others).toEqual([]);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ path, ...verdict });
      writeFileSync(file, JSON.stringify({ refusal: 'kept' }));
      expect(judgeBlas(path)).toEqual({ refusal: 'kept' });
      writeFileSync(file, '{ "refusal": 3 }');
      expect(judgeBlas(path)).toMatchObject({ name: { identity } });
    } finally {
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
    }
  });

  it('refuses what is not there', () => {
    const verdict = judgeBlas(join(folder, 'none.so'));
    expect(verdict).toEqual({ refusal: expect.stringContaining('none.so: expected a library that loads') });
  });
});
