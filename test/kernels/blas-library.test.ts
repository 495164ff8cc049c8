// Where a BLAS is looked for, and which libraries are refused by name. What does not depend on a BLAS runs everywhere.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { findCandidates, usualPaths } from '#src/kernels/blas-candidates.js';
import { isKoffiInstalled, loadBlas } from '#src/kernels/blas-library.js';
import { cacheFolder, judgeBlas } from '#src/kernels/blas-verdict.js';
import { findBlas } from '#src/kernels/find-blas.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-blas-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SERIAL = '/usr/lib/x86_64-linux-gnu/openblas-serial/libopenblas.so.0';
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
    const order = paths.map((path) => usualPaths(linux).indexOf(path));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    // Debian's alternative for libopenblas.so.0 is one of those that stand before it.
    expect(paths).not.toContain('/usr/lib/x86_64-linux-gnu/libopenblas.so.0');
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
