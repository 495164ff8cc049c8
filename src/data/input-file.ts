// A path → an open regular file or one clear error; coordinator.

import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { DataError } from './data-error.ts';

/** An open file and how long it was when it was opened. */
export interface InputFile {
  path: string;
  descriptor: number;
  byteLength: number;
  /** When its content was changed last, in ms. */
  modifiedMs: number;
}

/**
 * Opens `path`, hands it to `use` and closes it again, whatever `use` does.
 *
 * @throws DataError where there is no such file, it is no regular file, or it cannot be read
 */
export function withInputFile<T>(path: string, expected: string, use: (file: InputFile) => T): T {
  // The kind is asked before opening: opening a named pipe would wait for its writer for ever.
  const kind = guarded(path, expected, () => statSync(path));
  if (!kind.isFile()) {
    throw new DataError(path, expected, kind.isDirectory() ? 'a directory' : 'no regular file', 'name the file itself');
  }
  const descriptor = guarded(path, expected, () => openSync(path, 'r'));
  try {
    return use({ path, descriptor, byteLength: kind.size, modifiedMs: kind.mtimeMs });
  } finally {
    closeSync(descriptor);
  }
}

/** The whole file. For sources that are parsed as text or decompressed; big plain files are read in place instead. */
export function readInputFile(path: string, expected: string): Buffer {
  return withInputFile(path, expected, ({ descriptor }) => guarded(path, expected, () => readFileSync(descriptor)));
}

// One call reads at most this much: a few MB keep the page cache's copy warm and cost nothing against one huge call.
const CHUNK_BYTES = 4 << 20;

/**
 * Fills `out` from the file's byte `start` on. `out` may be a view of shared memory: no private copy is made.
 *
 * @returns how many bytes there were, less than `out.length` where the file ends early
 */
export function readInto(file: InputFile, start: number, out: Uint8Array): number {
  let done = 0;
  while (done < out.length) {
    const wanted = Math.min(CHUNK_BYTES, out.length - done);
    const got = guarded(file.path, 'a readable file', () => readSync(file.descriptor, out, done, wanted, start + done));
    if (got === 0) break;
    done += got;
  }
  return done;
}

const ADVICE: Record<string, string> = {
  ENOENT: 'check the path',
  ENOTDIR: 'check the path: one of its folders is a file',
  EACCES: 'check the permissions of the file and its folders',
};

function guarded<T>(path: string, expected: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const { code = 'an error', message } = cause as NodeJS.ErrnoException;
    const got = code === 'ENOENT' ? 'no such file' : `${code} (${message})`;
    throw new DataError(path, expected, got, ADVICE[code] ?? 'check the file', { cause });
  }
}
