// A path → an open regular file or one clear error; coordinator.

import { closeSync, fstatSync, openSync, readFileSync, readSync, type Stats, statSync } from 'node:fs';
import { DataError } from './data-error.ts';

/** What tells whether a file is still the one that was opened: how long it is and when it was written last. */
export interface FileStamp {
  path: string;
  byteLength: number;
  changedMs: number;
}

/** An open file as it was when it was opened. */
export interface InputFile extends FileStamp {
  descriptor: number;
}

/**
 * Opens `path`, hands it to `use` and closes it again, whatever `use` does.
 *
 * @param before what the file was when it was opened the time before
 * @throws DataError where there is no such file, it is no regular file, it cannot be read, or it was changed since or meanwhile
 */
export function withInputFile<T>(
  path: string,
  expected: string,
  use: (file: InputFile) => T,
  before: FileStamp = stampFile(path, expected),
): T {
  // The kind was asked before opening: opening a named pipe would wait for its writer for ever.
  const descriptor = guarded(path, expected, () => openSync(path, 'r'));
  try {
    const checkUnchanged = () => refuseChanged(before, stampOf(path, fstatSync(descriptor)));
    checkUnchanged();
    const result = use({ ...before, descriptor });
    checkUnchanged();
    return result;
  } finally {
    closeSync(descriptor);
  }
}

/** @throws DataError where there is no such file, or it is no regular file */
export function stampFile(path: string, expected: string): FileStamp {
  const kind = guarded(path, expected, () => statSync(path));
  if (!kind.isFile()) {
    throw new DataError(path, expected, kind.isDirectory() ? 'a directory' : 'no regular file', 'name the file itself');
  }
  return stampOf(path, kind);
}

/** Does what reads a file again. @throws DataError where the file was changed since `before`, or meanwhile */
export function readAgain<T>(before: FileStamp, read: () => T): T {
  const checkUnchanged = () => refuseChanged(before, stampFile(before.path, 'the file as it was opened'));
  checkUnchanged();
  const result = read();
  checkUnchanged();
  return result;
}

function stampOf(path: string, { size, mtimeMs }: Stats): FileStamp {
  return { path, byteLength: size, changedMs: mtimeMs };
}

function refuseChanged(before: FileStamp, now: FileStamp): void {
  if (before.byteLength === now.byteLength && before.changedMs === now.changedMs) return;
  throw changedError(before.path);
}

/** A plan was made from the file as it was. */
export function changedError(path: string): DataError {
  const advice = 'do not change datasets while they are read';
  return new DataError(path, 'the file as it was opened', 'another content', advice);
}

/** The whole file. For sources that are parsed as text or decompressed; big plain files are read in place instead. */
export function readInputFile(path: string, expected: string, before?: FileStamp): Buffer {
  const read = ({ descriptor }: InputFile) => guarded(path, expected, () => readFileSync(descriptor));
  return withInputFile(path, expected, read, before);
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
