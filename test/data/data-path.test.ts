// Where the paths of a config's data may lead.
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#src/config/load-config.js';
import { dataSchema } from '#src/data/data.schema.js';
import { checkDataPaths, isWithin } from '#src/data/data-path.js';
import { openDataset } from '#src/data/dataset.js';
import { smallConfig } from '../experiment/small-config.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const check =
  (options: object, baseDir = '/home/user/exp/configs', workingDir = '/home/user/exp') =>
  () =>
    checkDataPaths(options, baseDir, workingDir);

describe('paths in data', () => {
  it.each([
    { file: 'a.csv' },
    { file: './sub/../a.csv' },
    { file: '../data/a.csv' },
    { file: '/etc/passwd' },
    { file: '..a/b..c' },
    { dir: '.' },
    { dir: '..' },
    { file: '../../other/a.csv', allowOutside: true },
    { images: 'i', labels: '../l' },
    {},
  ])('%j may be', (options) => expect(check(options)).not.toThrow());

  it.each([
    ['file', { file: '../../a.csv' }],
    ['file', { file: 'sub/../../../a.csv' }],
    ['file', { file: '../../exp2/a.csv' }],
    ['file', { file: '../../../../etc/passwd', allowOutside: false }],
    ['dir', { dir: '../..' }],
    ['images', { images: '../../i', labels: 'l' }],
    ['labels', { images: 'i', labels: '../../l' }],
    ['testImages', { images: 'i', labels: 'l', testImages: '../../i', testLabels: 'l' }],
    ['testLabels', { images: 'i', labels: 'l', testImages: 'i', testLabels: '../../l' }],
  ])('%s of %j is refused', (key, options) => {
    const message = new RegExp(
      `^data\\.${key}: expected a path in the config's folder \\(/home/user/exp/configs\\) or the working directory, got \\.*.*, which is /.*; write it as an absolute path, or set data\\.allowOutside: true$`,
    );
    expect(check(options)).toThrow(expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }));
  });

  it('are checked before anything is opened', () => {
    write('beside.csv', new TextEncoder().encode('x,y\n1,2\n3,4\n5,6\n'));
    const options = (more: object) => dataSchema.parse({ source: 'csv', target: 'y', ...more });
    const inner = join(folder, 'inner');
    expect(() => openDataset(options({ file: '../beside.csv' }), 1, inner)).toThrow(/^data\.file: expected a path in/);
    expect(() => openDataset(options({ file: '../none.csv' }), 1, inner)).toThrow(/^data\.file: expected a path in/);
    expect(openDataset(options({ file: '../beside.csv', allowOutside: true }), 1, inner).spec.samples).toBe(3);
    expect(openDataset(options({ file: join(folder, 'beside.csv') }), 1, inner).spec.samples).toBe(3);
  });

  it('decide no bit, and neither does the leave to climb', async () => {
    const { configSha256 } = await import('#src/config/config-hash.js');
    const plain = smallConfig();
    const hash = configSha256(plain, 'portable');
    for (const allowOutside of [true, false]) {
      const config = parseConfig({ ...plain, data: { ...plain.data, allowOutside } });
      expect(configSha256(config, 'portable')).toBe(hash);
    }
  });
});

describe('isWithin', () => {
  it('is true of what is joined to a folder without climbing, and of no folder beside it', () => {
    const word = fc.stringMatching(/^[a-z.]{1,6}$/).filter((name) => name !== '.' && name !== '..');
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.array(word), word, (outer, inner, other) => {
        const root = `/${outer.join('/')}`;
        expect(isWithin(join(root, ...inner), root)).toBe(true);
        expect(isWithin(`${root}${other}`, root)).toBe(false);
        expect(isWithin(join(root, '..'), root)).toBe(false);
      }),
    );
  });
});
