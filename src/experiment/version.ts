// The package's own package.json → its version; any thread, read once.

import { readFileSync } from 'node:fs';

const PACKAGE_FILE = new URL('../../../package.json', import.meta.url);
let version: string | undefined;

/** lockstep's version, such as `0.1.0`. */
export function lockstepVersion(): string {
  version ??= (JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { version: string }).version;
  return version;
}
