// docs/your-own-data.md done as it says, in an empty folder: files are written, commands run, and their output compared with the page's.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/bundle/cli/main.js');
const PAGE = readFileSync(join(ROOT, 'docs/your-own-data.md'), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'lockstep-own-data-'));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(ROOT, join(folder, 'node_modules', 'lockstep'));

/** Everything that a shell prints, stdout before stderr. */
function run(command: string): Promise<string> {
  const { NO_COLOR: _n, FORCE_COLOR: _f, npm_command: _c, ...env } = process.env;
  const typed = command.replaceAll('npx lockstep', `"${process.execPath}" "${MAIN}"`);
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', typed], { cwd: folder, env: { ...env, NO_COLOR: '1' } }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
}

/** Times and what is per second differ from run to run. */
const settled = (line: string): string => line.replaceAll(/[\d.,]+ (?:ms|s)\b|[\d,]+ \w+\/s/g, 'TIME').trimEnd();

/** The lines of the page come in the output in this order; `…` stands for any, and without it nothing is between them. */
function expectLines(output: string, wanted: readonly string[], command: string): void {
  const lines = output.split('\n').map(settled);
  let at = 0;
  let isGap = false;
  for (const line of wanted) {
    if (line === '…') {
      isGap = true;
      continue;
    }
    const found = isGap ? lines.indexOf(settled(line), at) : at;
    expect(found, `${command}: ${line} in\n${output}`).toBeGreaterThanOrEqual(0);
    expect(lines[found], command).toBe(settled(line));
    at = found + 1;
    isGap = false;
  }
}

interface Block {
  language: string;
  text: string;
}

const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, block]) => ({ language, text: block }));

const [IMAGES] = PAGE.match(/^## A folder of images\n[\s\S]*?(?=^## )/m)!;
const hasSharp = existsSync(join(ROOT, 'node_modules/sharp'));

/** Writes what the blocks say that a file has, runs what they say is typed; how many commands that were. */
async function follow(page: string, files: Record<string, string[]>): Promise<number> {
  let commands = 0;
  const blocks = blocksOf(page);
  for (const [i, { language, text }] of blocks.entries()) {
    if (language !== '') {
      const name = files[language].shift()!;
      writeFileSync(join(folder, name), text);
      if (language === 'yaml') expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(10);
      continue;
    }
    if (blocks[i - 1]?.language === 'js') {
      expectLines(await run('node predict.mjs'), text.trimEnd().split('\n'), 'predict.mjs');
      continue;
    }
    for (const part of text.split(/^\$ /m).slice(1)) {
      const [command, ...wanted] = part.trimEnd().split('\n');
      commands++;
      expectLines(await run(command), wanted, command);
    }
  }
  expect(Object.values(files).flat()).toEqual([]);
  return commands;
}

describe('docs/your-own-data.md', { timeout: 180_000 }, () => {
  it('prints what it says of tables and texts, in the order of the page', async () => {
    const files = { yaml: ['birds.yaml', 'sea.yaml'], csv: ['new.csv'], js: ['predict.mjs'] };
    expect(await follow(PAGE.replace(IMAGES, ''), files)).toBe(11);
  });

  it.skipIf(!hasSharp)('prints what it says of a folder of images', async () => {
    expect(await follow(IMAGES, { yaml: ['pictures.yaml'] })).toBe(7);
  });
});
