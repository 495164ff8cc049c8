import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SplitSpec, splitBy, splitSamples } from '#src/data/split.js';

const decimal = () => fc.integer({ min: 0, max: 49 }).map((hundredths) => hundredths / 100);

describe('splitSamples', () => {
  it('puts every sample into exactly one part, of ⌊fraction · samples⌋, ascending', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.integer({ min: 100, max: 700 }),
        decimal(),
        decimal(),
        (seed, samples, validation, test) => {
          const parts = splitSamples(seed, samples, { validation, test });
          // Hundredths are whole numbers: this floor is exact.
          expect(parts.test.length).toBe(Math.floor((Math.round(test * 100) * samples) / 100));
          expect(parts.validation.length).toBe(Math.floor((Math.round(validation * 100) * samples) / 100));
          for (const part of Object.values(parts)) expect(part).toEqual(part.slice().sort());
          const all = [...parts.train, ...parts.validation, ...parts.test].sort((a, b) => a - b);
          expect(all).toEqual([...Array(samples).keys()]);
        },
      ),
    );
  });

  it('leaves the test part alone when the validation part changes', () => {
    const [a, b] = [0, 0.3].map((validation) => splitSamples(7, 500, { validation, test: 0.2 }));
    expect(a.test).toEqual(b.test);
  });

  it('depends on the seed', () => {
    const [a, b] = [1, 2].map((seed) => splitSamples(seed, 500, { validation: 0.2, test: 0 }));
    expect(a.validation).not.toEqual(b.validation);
  });

  it('takes 0.29 of 100 as 29, though the product is below it in binary', () => {
    expect(splitSamples(1, 100, { validation: 0.29, test: 0 }).validation.length).toBe(29);
  });

  it('refuses a part that would be empty', () => {
    expect(() => splitSamples(1, 9, { validation: 0.1, test: 0 })).toThrow(
      'data.validation: expected a fraction that gives at least one of 9 samples, got 0.1; ' +
        'raise it, or set data.validation to 0',
    );
    expect(() => splitSamples(1, 100, { validation: 0.5, test: 0.5 })).toThrow(
      'data.validation: expected samples left to train on, got 100 of 100 samples in the validation and test parts; ' +
        'lower data.validation or data.test',
    );
  });
});

describe('splitBy', () => {
  const split = (samples: number, spec: Partial<SplitSpec>) =>
    splitBy(samples, { kind: 'random', seed: 1, validation: 0.2, test: 0.3, ...spec });
  const keys = fc.array(fc.integer({ min: 0, max: 9 }).map(String), { minLength: 40, maxLength: 90 });
  const kinds = fc.constantFrom('random', 'stratified', 'group', 'time');

  it('puts every sample into exactly one part, ascending, whatever it goes by', () => {
    fc.assert(
      fc.property(keys, kinds, fc.maxSafeNat(), (list, kind, seed) => {
        fc.pre(kind !== 'group' || new Set(list).size > 7);
        const parts = split(list.length, {
          kind,
          seed,
          keys: list,
          labels: list.map(Number),
          validation: 0.1,
          test: 0.1,
        });
        for (const part of Object.values(parts)) expect(part).toEqual(part.slice().sort());
        const all = [...parts.train, ...parts.validation, ...parts.test].sort((a, b) => a - b);
        expect(all).toEqual([...list.keys()]);
      }),
    );
  });

  it('is splitSamples where it is random, so that old configs keep their parts', () => {
    expect(split(100, {})).toEqual(splitSamples(1, 100, { validation: 0.2, test: 0.3 }));
  });

  it('gives each part its share of each class, to within one sample, and the counts of a random split', () => {
    fc.assert(
      fc.property(keys, fc.maxSafeNat(), (list, seed) => {
        const labels = list.map(Number);
        const parts = split(list.length, { kind: 'stratified', seed, labels });
        expect(parts.test.length).toBe(split(list.length, { seed }).test.length);
        const count = (part: Uint32Array, label: number) => [...part].filter((id) => labels[id] === label).length;
        for (let label = 0; label < 10; label++) {
          const share = (labels.filter((one) => one === label).length * parts.test.length) / list.length;
          expect(Math.abs(count(parts.test, label) - share)).toBeLessThan(1);
        }
      }),
    );
  });

  it('depends on the seed where it is stratified', () => {
    const labels = Array.from({ length: 100 }, (_, id) => id % 3);
    const [a, b] = [1, 2].map((seed) => split(100, { kind: 'stratified', seed, labels }));
    expect(a.test).not.toEqual(b.test);
  });

  it('keeps each group in one part, for any order of the rows', () => {
    fc.assert(
      fc.property(keys, fc.maxSafeNat(), (list, seed) => {
        fc.pre(new Set(list).size > 7);
        const groups = (order: string[]) => {
          const parts = split(order.length, { kind: 'group', seed, keys: order, validation: 0.1, test: 0.1 });
          return Object.values(parts).map((part) => new Set([...part].map((id) => order[id])));
        };
        const [train, validation, test] = groups(list);
        expect(train.size + validation.size + test.size).toBe(new Set(list).size);
        expect(groups([...list].reverse())).toEqual([train, validation, test]);
      }),
    );
  });

  it('tests on the last times, numbers by value and dates by text', () => {
    const options = { kind: 'time', validation: 0.25, test: 0.25 } as const;
    expect(split(4, { ...options, keys: ['10', '9', '100', '8.5'] })).toEqual({
      train: Uint32Array.of(1, 3),
      validation: Uint32Array.of(0),
      test: Uint32Array.of(2),
    });
    const dates = split(4, { ...options, keys: ['2024-01-02', '2023-12-31', '2023-12-31', '2023-02-01'] });
    expect([[...dates.train], [...dates.validation], [...dates.test]]).toEqual([[1, 3], [2], [0]]);
  });

  it('refuses groups that leave nothing to train on, and stratification without classes', () => {
    expect(() => split(4, { kind: 'group', keys: ['a', 'a', 'b', 'b'], validation: 0.25, test: 0.25 })).toThrow(
      'data.splitBy: expected groups left to train on, got 2, all of them in the validation and test parts',
    );
    expect(() => split(10, { kind: 'stratified' })).toThrow(
      'data.split: expected samples with a class each for stratified, got samples without; use split: random',
    );
  });
});
