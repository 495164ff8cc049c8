// A file of text, plain or gzip → all of its bytes; coordinator.

import { gunzipSync } from 'node:zlib';
import { DataError } from './data-error.ts';
import { readInputFile } from './input-file.ts';

// What Node reads into one buffer.
const MOST_BYTES = 2 ** 31 - 1;
// Text of numbers shrinks to a half or a tenth; a thousandth, which deflate can do, is a file that was made to fill the memory.
const MOST_RATIO = 200;
const LEAST_MOST_BYTES = 64 << 20;

/** What the bytes are (gzip or plain) decides, not the name. @throws DataError for an empty or damaged file */
export function readTextFile(path: string, expected: string): Buffer {
  const content = readInputFile(path, expected);
  if (content.length === 0) throw new DataError(path, expected, 'an empty file', 'check the file');
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content;
  const mostBytes = Math.min(MOST_BYTES, Math.max(LEAST_MOST_BYTES, content.length * MOST_RATIO));
  try {
    return gunzipSync(content, { maxOutputLength: mostBytes });
  } catch (cause) {
    const most = `a whole gzip file of at most ${Math.floor(mostBytes / 2 ** 20)} MiB of text`;
    throw new DataError(path, most, (cause as Error).message, 'fetch the file again, or unpack it', { cause });
  }
}
