import { appendFileSync, utimesSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readInputFile, readInto, stampFile, withInputFile } from '#src/data/input-file.js';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const CHANGED = `${folder}/file: expected the file as it was opened, got another content; do not change datasets while they are read`;

it.each<[string, (path: string) => void]>([
  ['grows', (path) => appendFileSync(path, 'more')],
  ['is written again', (path) => utimesSync(write('file', 'ytes'), 5, 5) ?? path],
  ['is touched', (path) => utimesSync(path, 1, 2)],
])('withInputFile refuses a file that %s while it is read', (_, change) => {
  const path = write('file', 'bytes');
  const use = () =>
    withInputFile(path, 'bytes', (file) => {
      readInto(file, 0, new Uint8Array(5));
      change(path);
    });
  expect(use).toThrow(CHANGED);
});

it('readInputFile refuses a file that was changed since it was stamped, and takes one that was not', () => {
  const path = write('file', 'bytes');
  const stamp = stampFile(path, 'bytes');
  expect(readInputFile(path, 'bytes', stamp).toString()).toBe('bytes');
  utimesSync(path, 1, 2);
  expect(() => readInputFile(path, 'bytes', stamp)).toThrow(CHANGED);
});
