// This process and machine → what environment.json says of where a run was made; the coordinator, once a run.

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gitCommit } from './git-commit.ts';
import { lockstepVersion } from './version.ts';

/** What environment.json holds. */
export interface Environment {
  lockstep: string;
  node: string;
  v8: string;
  platform: string;
  arch: string;
  osRelease: string;
  cpu: string;
  /** Cores that this process may use. */
  cores: number;
  memoryBytes: number;
  numerics: string;
  /** Backend identity: a run is only continued on the same one. */
  backend: string;
  /** The path of the library for large products, or null. */
  blas: string | null;
  /** Of the repository around the working directory, or null. */
  gitCommit: string | null;
  /** Installed versions of the packages that lockstep depends on. */
  packages: Record<string, string>;
}

/** The CPU's model name; some virtual machines have none. */
export function cpuModel(): string {
  return cpus()[0]?.model.trim() || 'unknown';
}

/** Collects what a reader of the run needs to make it again. */
export function collectEnvironment(
  resolved: { numerics: string; backend: string; blas?: string },
  directory = process.cwd(),
): Environment {
  return {
    lockstep: lockstepVersion(),
    node: process.versions.node,
    v8: process.versions.v8,
    platform: process.platform,
    arch: process.arch,
    osRelease: release(),
    cpu: cpuModel(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    numerics: resolved.numerics,
    backend: resolved.backend,
    blas: resolved.blas ?? null,
    gitCommit: gitCommit(directory),
    packages: packageVersions(),
  };
}

interface PackageFile {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

function packageVersions(): Record<string, string> {
  const own = readPackage(fileURLToPath(new URL('../../../package.json', import.meta.url)));
  const names = Object.keys({ ...own?.dependencies, ...own?.optionalDependencies }).sort();
  return Object.fromEntries(names.map((name) => [name, installedVersion(name)]));
}

/** Walks up from a package's entry point, as not every package exports its package.json. */
function installedVersion(name: string): string {
  try {
    let directory = dirname(fileURLToPath(import.meta.resolve(name)));
    for (;;) {
      const found = readPackage(join(directory, 'package.json'));
      if (found?.name === name) return found.version ?? 'unknown';
      const parent = dirname(directory);
      if (parent === directory) return 'unknown';
      directory = parent;
    }
  } catch {
    return 'not installed';
  }
}

function readPackage(path: string): PackageFile | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PackageFile;
  } catch {
    return null;
  }
}
