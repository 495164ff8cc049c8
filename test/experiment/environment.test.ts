import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { collectEnvironment } from '#src/experiment/environment.js';
import { lockstepVersion } from '#src/experiment/version.js';

interface PackageFile {
  version: string;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
}
const readPackage = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as PackageFile;

describe('collectEnvironment', () => {
  it('names this Node, this machine and the installed version of every dependency', () => {
    const own = readPackage('../../package.json');
    const backend = 'openblas-0.3.21-zen+wasm-relaxed-fma';
    const environment = collectEnvironment({ numerics: 'fast', backend, blas: '/usr/lib/libopenblas.so.0' });
    expect(environment).toMatchObject({
      lockstep: own.version,
      node: process.versions.node,
      v8: process.versions.v8,
      cores: availableParallelism(),
      numerics: 'fast',
      backend,
      blas: '/usr/lib/libopenblas.so.0',
    });
    const installed = Object.keys({ ...own.dependencies, ...own.optionalDependencies }).map((name) => [
      name,
      readPackage(`../../node_modules/${name}/package.json`).version,
    ]);
    expect(environment.packages).toEqual(Object.fromEntries(installed));
  });

  it('has no commit outside of a repository', () => {
    const environment = collectEnvironment({ numerics: 'portable', backend: 'wasm-simd' }, '/');
    expect([environment.gitCommit, environment.blas]).toEqual([null, null]);
  });
});

describe('lockstepVersion', () => {
  it("is the package's", () => {
    expect(lockstepVersion()).toBe(readPackage('../../package.json').version);
  });
});
