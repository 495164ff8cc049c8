import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataSchema } from '#src/data/data.schema.js';
import { DataError } from '#src/data/data-error.js';
import { openDataset } from '#src/data/dataset.js';
import { shardSampleIds, stepsPerEpoch } from '#src/data/sampler.js';
import { idxBytes } from './idx-bytes.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { folder, write } = temporaryFolder();
const open = (options: Record<string, unknown>, seed = 1) => openDataset(dataSchema.parse(options), seed, folder);

describe('openDataset', () => {
  it('gives every sample to exactly one part, and every training sample to exactly one shard of an epoch', () => {
    const sizes = fc.record({
      samples: fc.integer({ min: 20, max: 120 }),
      batchSize: fc.integer({ min: 1, max: 150 }),
      shards: fc.integer({ min: 1, max: 12 }),
      validation: fc.constantFrom(0, 0.1, 0.4),
      test: fc.constantFrom(0, 0.15, 0.3),
      shuffle: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, fc.maxSafeNat(), ({ shards, ...options }, seed) => {
        const { parts } = open({ source: 'synthetic', features: 1, classes: 2, ...options }, seed);
        const sampler = {
          seed,
          trainSamples: parts.train.length,
          batchSize: options.batchSize,
          shards,
          isShuffled: options.shuffle,
        };
        const trained: number[] = [];
        for (let step = 0; step < stepsPerEpoch(sampler); step++) {
          for (let v = 0; v < shards; v++) trained.push(...shardSampleIds(sampler, parts.train, step, v));
        }
        const all = [...trained, ...parts.validation, ...parts.test].sort((a, b) => a - b);
        expect(all).toEqual([...Array(options.samples).keys()]);
      }),
    );
  });

  it('keeps the test samples that a source brings as the test part', () => {
    const pair = (name: string, samples: number) => ({
      images: write(`${name}-images`, idxBytes([samples, 2], Array(samples * 2).fill(1))),
      labels: write(`${name}-labels`, idxBytes([samples], Array(samples).fill(1))),
    });
    pair('train', 10);
    pair('test', 3);
    const { spec, parts } = open({
      source: 'idx',
      images: 'train-images',
      labels: 'train-labels',
      testImages: 'test-images',
      testLabels: `${folder}/test-labels`,
      divisor: 2,
      validation: 0.2,
    });
    expect(spec).toEqual({
      name: 'idx',
      samples: 13,
      input: { shape: [2], storage: 'u8', divisor: 2 },
      target: { kind: 'class', storage: 'u8', classes: 2 },
    });
    expect([...parts.test]).toEqual([10, 11, 12]);
    expect([...parts.train, ...parts.validation].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(parts.validation.length).toBe(2);
  });

  it('takes relative paths from the folder of the config', () => {
    write('points.csv', 'a,y\n1,0\n2,1\n');
    const { spec, fill } = open({ source: 'csv', file: './points.csv', target: 'y' });
    const inputs = new Float32Array(2);
    fill(inputs, new Uint8Array(2));
    expect(spec.samples).toBe(2);
    expect([...inputs]).toEqual([1, 2]);
  });

  it('splits the digits as the seed says', () => {
    const [a, b] = [1, 2].map((seed) => open({ source: 'digits', validation: 0.1, test: 0.2 }, seed).parts);
    expect([a.train.length, a.validation.length, a.test.length]).toEqual([1259, 179, 359]);
    expect(a.test).not.toEqual(b.test);
  });

  it('refuses more samples than memory can hold before it takes memory for them', () => {
    const before = process.memoryUsage().arrayBuffers;
    const openHuge = () =>
      open({ source: 'synthetic', samples: 0xffff_ffff, features: 1, classes: 2, validation: 0.1 });
    expect(openHuge).toThrow(
      'data.source synthetic: expected at most 4 GiB of samples and ids, got 4294967295 samples of 36.0 GiB; ' +
        'use at most 477218588 samples',
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });

  it('does not advise a stratified split of a class of one sample where there is one', () => {
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${i < 11 ? i % 2 : 'rare'}`);
    write('one.csv', `a,y\n${rows.join('\n')}`);
    const data = { source: 'csv', file: 'one.csv', target: 'y', split: 'stratified', folds: 3 };
    const warnings = [1, 2, 3].flatMap((fold) => open({ ...data, fold }).warnings);
    expect(warnings).toEqual([
      'data: no sample of class "rare" to train on, 0 to validate and 1 to test; add samples of it, or leave it out',
    ]);
  });

  it('warns of classes that are in the held-out parts only, and not of one that is nowhere', () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i < 39 ? i % 2 : 'rare'}`);
    write('rare.csv', `a,y\n${rows.join('\n')}`);
    const seeds = [...Array(40).keys()].map((seed) =>
      open({ source: 'csv', file: 'rare.csv', target: 'y', test: 0.2 }, seed),
    );
    const isTested = ({ parts }: { parts: { test: Uint32Array } }) => parts.test.includes(39);
    expect(seeds.some(isTested)).toBe(true);
    for (const dataset of seeds) {
      const warning =
        'data: no sample of class "rare" to train on, 0 to validate and 1 to test; set data.split: stratified, or another seed';
      expect(dataset.warnings).toEqual(isTested(dataset) ? [warning] : []);
    }
  });

  it('splits a table by its groups', () => {
    const rows = Array.from({ length: 30 }, (_, i) => `p${i % 6},${i},${i % 2}`);
    write('patients.csv', `patient,a,y\n${rows.join('\n')}`);
    const split = { split: 'group', splitBy: 'patient', test: 0.3, validation: 0.1 };
    const { spec, parts } = open({ source: 'csv', file: 'patients.csv', target: 'y', ...split });
    expect(spec.input.shape).toEqual([1]);
    const groups = Object.values(parts).map((part) => new Set([...part].map((id) => id % 6)));
    expect(groups.map(({ size }) => size)).toEqual([3, 1, 2]);
  });

  it('refuses a split by a column without one, and a column without such a split', () => {
    for (const keys of [{ split: 'group' }, { splitBy: 'a' }]) {
      expect(
        dataSchema.safeParse({ source: 'csv', file: 'a.csv', target: 'y', ...keys }).error?.issues[0].message,
      ).toBe('a column where split is group or time, and none where it is not');
    }
  });

  it('throws errors that end the command line with 2', () => {
    const error = (() => {
      try {
        return open({ source: 'mnist', dir: 'nowhere' });
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(`${folder}/nowhere/train-images`) });
  });
});
