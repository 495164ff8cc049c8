// Faults of a disk that a test asks for, at a chosen file: what the checkpoint writer meets in place of its file's operations. Writer.
import type { FileHandle } from 'node:fs/promises';

/** What goes wrong with the file that is written as number `file`, counted from 0 (the checkpoint of the run's first step). */
export interface WriterFault {
  kind: 'shortWrite' | 'enospc' | 'eio' | 'fsyncError';
  file: number;
}

/** The operations on one file that may go wrong. */
export interface FileOperations {
  /** Returns how many bytes were written. */
  write(handle: FileHandle, bytes: Uint8Array): Promise<number>;
  sync(handle: FileHandle): Promise<void>;
}

/** The operations on file number `file`: each of its faults happens once, in the middle of the file or at its end. */
export function fileOperations(faults: readonly WriterFault[], file: number): FileOperations {
  const isDue = new Set(faults.filter((fault) => fault.file === file).map(({ kind }) => kind));
  const meets = (kind: WriterFault['kind']): boolean => isDue.delete(kind);
  return {
    async write(handle, bytes) {
      const half = bytes.subarray(0, bytes.length >> 1);
      if (bytes.length > 1 && meets('shortWrite')) return (await handle.write(half)).bytesWritten;
      for (const [kind, code] of [
        ['enospc', 'ENOSPC'],
        ['eio', 'EIO'],
      ] as const) {
        if (!meets(kind)) continue;
        await handle.write(half);
        throw diskError(code, 'write');
      }
      return (await handle.write(bytes)).bytesWritten;
    },
    async sync(handle) {
      if (meets('fsyncError')) throw diskError('EIO', 'fsync');
      await handle.sync();
    },
  };
}

function diskError(code: string, call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: a fault was asked for, ${call}`), { code });
}
