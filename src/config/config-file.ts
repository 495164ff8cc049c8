// A config file's path → its text. Coordinator only.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from './config-error.ts';
import { nearestKey } from './nearest-key.ts';

const MOST_BYTES = 1 << 20;
const EXPECTED = 'a config in YAML';

/** @throws ConfigError where there is no such file, or it cannot be read, or is no UTF-8 text of a config's size */
export function readConfigFile(file: string): string {
  const bytes = readBytes(file);
  if (bytes.length > MOST_BYTES) throw tooLarge(file, bytes.length);
  try {
    // Drops a byte order mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refusal(file, EXPECTED, 'bytes that are not UTF-8 text', 'check which file it is', cause);
  }
}

function readBytes(file: string): Buffer {
  try {
    const { size } = statSync(file);
    if (size > MOST_BYTES) throw tooLarge(file, size);
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw refusal(file, 'a config file', 'no such file', adviseFile(file), cause);
    if (code === 'EISDIR') throw refusal(file, 'a config file', 'a folder', 'name a file in it', cause);
    throw refusal(file, 'a config file that can be read', message, 'check the path and its permissions', cause);
  }
}

function adviseFile(file: string): string {
  const folder = dirname(file);
  const near = nearestKey(basename(file), listConfigs(folder));
  return near === undefined ? 'check the path' : `did you mean ${join(folder, near)}?`;
}

function listConfigs(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /\.ya?ml$/i.test(name));
  } catch {
    // No such folder either: the error that is being made says that the file is not there.
    return [];
  }
}

function tooLarge(file: string, size: number): ConfigError {
  return refusal(file, `${EXPECTED} of at most ${MOST_BYTES} bytes`, `${size} bytes`, 'check which file it is');
}

function refusal(file: string, expected: string, got: string, advice: string, cause?: unknown): ConfigError {
  return new ConfigError([`${file}: expected ${expected}, got ${got}; ${advice}`], { cause });
}
