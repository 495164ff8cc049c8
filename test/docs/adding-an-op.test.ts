import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ROOT, runScript } from '../eager/run-script.ts';

const text = readFileSync(join(ROOT, 'docs/adding-an-op.md'), 'utf8');

interface Block {
  language: string;
  code: string;
  /** The file named last before the block. */
  file: string | undefined;
}

function readBlocks(): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: code, index }) => {
    const file = [...text.slice(0, index).matchAll(/`((?:src|test)\/[\w/.-]+\.ts)`/g)].at(-1)?.[1];
    return { language, code, file };
  });
}

const blocks = readBlocks();
const ofLanguage = (language: string): Block[] => blocks.filter((block) => block.language === language);

describe('docs/adding-an-op.md', () => {
  it('is short', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThan(120);
  });

  it.each(ofLanguage('ts').map(({ code, file }, i) => [i + 1, file ?? 'no file named', code] as const))(
    'shows in block %i what stands in %s, and softsign in it',
    (_number, file, code) => {
      expect(readFileSync(join(ROOT, file), 'utf8')).toContain(code);
      expect(code.toLowerCase()).toContain('softsign');
    },
  );

  it('walks through a kernel pair, the op, its method and the tables of tests', () => {
    expect([...new Set(ofLanguage('ts').map(({ file }) => file))]).toEqual([
      'src/kernels/elementary-kernels.ts',
      'src/kernels/reference/activations.ts',
      'src/kernels/assembly/activations.ts',
      'src/graph/ops/softsign.ts',
      'src/eager/methods.ts',
      'test/kernels/activations.test.ts',
      'test/graph/cases/activation-cases.ts',
      'test/eager/op-method-cases.ts',
    ]);
  });

  it('names tests of softsign in every file that its command runs, and they end as it says', () => {
    const [{ code }] = ofLanguage('sh');
    const command = code.split('\n').find((line) => line.startsWith('npx vitest run '))!;
    const [ending] = /Test Files {2}\d passed \(\d\)/.exec(text)!;
    // A run of its own, that knows nothing of the one around it.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
    const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...command.split(' ').slice(2)];
    const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env, timeout: 50_000 });
    expect(stripVTControlCharacters(stdout)).toContain(ending);
  });

  it('shows scripts that the package has', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const names = [...ofLanguage('sh')[0].code.matchAll(/npm run (\w+)/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(scripts).toHaveProperty(name);
  });

  it('shows what its example prints', () => {
    const [{ code }] = ofLanguage('js');
    expect(runScript(code)).toEqual({ stdout: ofLanguage('')[0].code, stderr: '' });
  });
});
