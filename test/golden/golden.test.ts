import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

// hashes.json was written on Node 20 and is the same on 22, 24 and 26 (node scripts/golden-hashes.mjs --matrix).
test('portable numerics give the golden hashes on this machine and Node', () => {
  const printed = execFileSync(process.execPath, [path('../../scripts/golden-hashes.mjs')], { encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual(JSON.parse(readFileSync(path('./hashes.json'), 'utf8')));
});
