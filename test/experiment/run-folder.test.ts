import { spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { loadConfig, parseConfig } from '#src/config/load-config.js';
import { beginRunFolder } from '#src/experiment/begin-run-folder.js';
import { checkRunName, RunFolderError } from '#src/experiment/run-folder.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-runs-'));
afterAll(() => rmSync(root, { recursive: true }));

let runs: string;
let count = 0;
beforeEach(() => {
  runs = join(root, `${count++}`, 'runs');
});

function refusalOf(action: () => unknown): RunFolderError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(RunFolderError);
    return error as RunFolderError;
  }
  throw new Error('expected a refusal, got none');
}

describe('beginRunFolder', () => {
  it('makes NAME, then NAME-2, NAME-3, and points latest to the last', () => {
    const names = [1, 2, 3].map(() => beginRunFolder(runs, 'mnist').publish().name);
    expect(names).toEqual(['mnist', 'mnist-2', 'mnist-3']);
    expect(readdirSync(runs).sort()).toEqual(['latest', 'mnist', 'mnist-2', 'mnist-3']);
    expect(lstatSync(join(runs, 'latest')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(runs, 'latest'))).toBe('mnist-3');
    expect(readdirSync(join(runs, 'mnist')).sort()).toEqual(['checkpoints', 'lock', 'weights']);
  });

  it('replaces a latest that points nowhere', () => {
    mkdirSync(runs, { recursive: true });
    symlinkSync('gone', join(runs, 'latest'));
    beginRunFolder(runs, 'a').publish();
    expect(readlinkSync(join(runs, 'latest'))).toBe('a');
  });

  it('gives processes that ask for one name at once a folder each', { timeout: 30_000 }, async () => {
    const module = fileURLToPath(import.meta.resolve('#src/experiment/begin-run-folder.js'));
    const script = `const { beginRunFolder } = await import(${JSON.stringify(module)});
      for (let i = 0; i < 5; i++) console.log(beginRunFolder(${JSON.stringify(runs)}, 'same').publish().name);`;
    const outputs = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let output = '';
        for await (const chunk of child.stdout) output += chunk;
        return output.trim().split('\n');
      }),
    );
    const expected = Array.from({ length: 15 }, (_, i) => (i === 0 ? 'same' : `same-${i + 1}`));
    expect(outputs.flat().sort()).toEqual(expected.sort());
    expect(readdirSync(runs).sort()).toEqual([...expected, 'latest'].sort());
  });

  it('refuses with exit code 2 where a file stands in the place of runs/, and changes nothing', () => {
    mkdirSync(dirname(runs), { recursive: true });
    writeFileSync(runs, 'mine');
    const error = refusalOf(() => beginRunFolder(runs, 'a').publish());
    expect(error.exitCode).toBe(2);
    expect(error.message).toMatch(
      /runs\/a: expected a run folder that can be written, got E\w+.*; run in another directory or free this one$/,
    );
    expect(readFileSync(runs, 'utf8')).toBe('mine');
  });

  it('refuses with exit code 2 where latest is no link, and leaves no folder behind', () => {
    mkdirSync(join(runs, 'latest'), { recursive: true });
    expect(refusalOf(() => beginRunFolder(runs, 'a').publish()).exitCode).toBe(2);
    expect(readdirSync(runs)).toEqual(['latest']);
  });
});

describe('checkRunName', () => {
  it.each([
    '',
    ' ',
    '.',
    '..',
    '.hidden',
    'a/b',
    '../a',
    'a\\b',
    'a\0',
    'a\nb',
    'latest',
    'LATEST',
    '-a',
    'a ',
    'x'.repeat(201),
    'a:b',
  ])('refuses %j', (name) => {
    const error = refusalOf(() => checkRunName(name));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(`got ${JSON.stringify(name)}; choose another`);
  });

  it('takes nothing that leaves the folder of runs', () => {
    mkdirSync(runs, { recursive: true });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
        try {
          checkRunName(name);
        } catch {
          return;
        }
        expect(dirname(join(runs, name))).toBe(runs);
        expect(name.startsWith('.')).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['mnist-mlp', 'a', '7', 'Versuch über Größe', 'a.b_c', '数字'])('takes %j', (name) => {
    expect(() => checkRunName(name)).not.toThrow();
  });
});

describe('RunFolder', () => {
  it('writes weights and summary that read back, and leaves no temporary file', () => {
    const folder = beginRunFolder(runs, 'a').publish();
    const values = Float32Array.of(1, -0, 3.5);
    const parameters = [{ name: 'dense1.weight', shape: [1, 3], values }];
    folder.writeWeights('last', { parameters, statistics: [] }, { epoch: '3' });
    folder.writeSummary({ status: 'done', trainLoss: Number.NaN } as never);
    const { tensors, metadata } = readSafetensorsFile(folder.file('weights', 'last.safetensors'));
    expect(float32Values(tensors.get('dense1.weight')!)).toEqual(values);
    expect(metadata.epoch).toBe('3');
    expect(JSON.parse(readFileSync(folder.file('summary.json'), 'utf8'))).toEqual({ status: 'done', trainLoss: null });
    expect(readdirSync(folder.path, { recursive: true }).sort()).toEqual(
      ['checkpoints', 'lock', 'summary.json', 'weights', 'weights/last.safetensors'].sort(),
    );
  });

  it('writes the rows of a matrix in the summary as lines, and all of it reads back', () => {
    const folder = beginRunFolder(runs, 'a').publish();
    const matrix = [
      [1, -2.5e-7],
      [3, 4],
    ];
    const summary = { name: '[\n  1,\n  2\n]', matrix, lists: [[], ['a']], perClass: [Number.NaN, 1e21], one: [0] };
    folder.writeSummary(summary as never);
    const text = readFileSync(folder.file('summary.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({ ...summary, perClass: [null, 1e21] });
    expect(text).toContain('"matrix": [\n    [1, -2.5e-7],\n    [3, 4]\n  ],\n');
    expect(text).toContain('"perClass": [null, 1e+21],\n  "one": [0]\n');
  });

  it('writes a config that loads as the same one from there, its data paths made absolute', () => {
    const folder = beginRunFolder(runs, 'a').publish();
    const config = parseConfig({
      name: 'a',
      description: 'why: these\n# values',
      data: { source: 'csv', file: 'wine.csv', target: 'class' },
      model: [{ dense: 10 }, { dense: 10 }],
      loss: 'crossEntropy',
    });
    folder.writeConfig(config, '/data');
    const expected = { ...config, data: { ...config.data, file: '/data/wine.csv' } };
    expect(loadConfig(folder.file('config.yaml')).config).toEqual(expected);
  });

  it('replaces a file as a whole: who has the old one open still reads the old one', () => {
    const folder = beginRunFolder(runs, 'a').publish();
    folder.writeSummary({ status: 'stopped' } as never);
    const before = lstatSync(folder.file('summary.json')).ino;
    folder.writeSummary({ status: 'done' } as never);
    expect(lstatSync(folder.file('summary.json')).ino).not.toBe(before);
  });

  it('fails with exit code 1 where it can no longer be written, naming the file', () => {
    const folder = beginRunFolder(runs, 'a').publish();
    rmSync(folder.path, { recursive: true });
    const error = refusalOf(() => folder.writeSummary({ status: 'done' } as never));
    expect(error.exitCode).toBe(1);
    expect(error.message).toContain(
      `${folder.path}/summary.json: expected a run folder that can be written, got ENOENT`,
    );
    expect(error.cause).toBeInstanceOf(Error);
  });
});
