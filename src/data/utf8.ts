// The bytes of a text file → one clear error where they are no UTF-8; coordinator.

import { isUtf8 } from 'node:buffer';
import { quoteCell } from './cell.ts';
import { DataError } from './data-error.ts';

const LINE_FEED = 0x0a;

/**
 * A file in another encoding would give other texts, silently.
 *
 * @throws DataError that names the first line that is no UTF-8
 */
export function checkUtf8(path: string, bytes: Buffer, firstLine = 1): void {
  if (isUtf8(bytes)) return;
  let line = firstLine;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    const part = bytes.subarray(start, end);
    if (!isUtf8(part)) {
      const text = part.toString('utf8');
      const near = quoteCell(text.slice(Math.max(0, text.indexOf('\ufffd') - 12)));
      const advice = 'save the file as UTF-8';
      throw new DataError(`${path}:${line}`, 'text in UTF-8', `other bytes near ${near}`, advice);
    }
    start = end + 1;
  }
}
