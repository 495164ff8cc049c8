import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runLockstep } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-cli-data-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(
  join(folder, 'a.csv'),
  `a,b,y\n${Array.from({ length: 20 }, (_, i) => `${i % 7},1,${i % 2}`).join('\n')}\n`,
);
writeFileSync(
  join(folder, 'a.yaml'),
  'data: { source: csv, file: a.csv, target: y, test: 0.3 }\nmodel: [{ dense: 2 }]\nloss: crossEntropy\nepochs: 1\n',
);

describe('lockstep data', { timeout: 60_000 }, () => {
  it('lists every dataset that the schema names without a file', async () => {
    const { stdout, code } = await runLockstep(['data', 'list', '--json'], folder);
    expect(code).toBe(0);
    const names = JSON.parse(stdout).map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual(
      'breastCancer diabetes digits fashionMnist firstNames flights iris mnist mobyDick penguins wine'.split(' '),
    );
  });

  it('writes a dataset that comes with lockstep, once', async () => {
    const get = () => runLockstep(['data', 'get', 'iris', '--out', 'iris.csv'], folder);
    expect(await get()).toMatchObject({ code: 0, stdout: 'iris.csv\n' });
    expect(readFileSync(join(folder, 'iris.csv'), 'utf8').split('\n')).toHaveLength(152);
    const { code, stderr } = await get();
    expect(code).toBe(2);
    expect(stderr).toContain('error: iris.csv: expected a new file that can be written, got EEXIST');
  });

  it('refuses an unknown name with those that there are', async () => {
    const { code, stderr } = await runLockstep(['data', 'get', 'irises'], folder);
    expect(code).toBe(2);
    expect(stderr).toContain('data get: expected one of digits, breastCancer');
  });

  it('inspects the data of a config, and warns of what training warns of', async () => {
    const { stdout, code } = await runLockstep(['data', 'inspect', 'a.yaml'], folder);
    expect(code).toBe(0);
    expect(stdout).toContain('csv: 20 samples of 2 f32 · 14 to train · 0 to validate · 6 to test');
    expect(stdout).toContain('copies of samples before them: 13');
    const words = stdout.replaceAll(/\s+/g, ' ');
    const constant = 'a.csv column "b": all cells are the same; list it in data.ignore';
    expect(words).toContain(constant);
    expect(words).toMatch(/warning: data: \d of 6 samples of the test part have the input of one in the training/);
    const trained = await runLockstep(['train', 'a.yaml', 'workers=1'], folder);
    expect(trained.code).toBe(0);
    expect((trained.stdout + trained.stderr).replaceAll(/\s+/g, ' ')).toContain(constant);
    const stored = JSON.parse(readFileSync(join(folder, 'runs/latest/preprocessing.json'), 'utf8'));
    expect(stored).toMatchObject({ source: 'csv', kind: 'table', target: { name: 'y', labels: ['0', '1'] } });
  });
});
