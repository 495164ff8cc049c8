// A file of text, plain or gzip → all of its bytes; coordinator.

import { gunzipSync } from 'node:zlib';
import { DataError } from './data-error.ts';
import { readInputFile } from './input-file.ts';

// What Node reads into one buffer.
const MOST_BYTES = 2 ** 31 - 1;

/** What the bytes are (gzip or plain) decides, not the name. @throws DataError for an empty or damaged file */
export function readTextFile(path: string, expected: string): Buffer {
  const content = readInputFile(path, expected);
  if (content.length === 0) throw new DataError(path, expected, 'an empty file', 'check the file');
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content;
  try {
    return gunzipSync(content, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    throw new DataError(path, 'a whole gzip file of at most 2 GiB', (cause as Error).message, 'fetch the file again', {
      cause,
    });
  }
}
