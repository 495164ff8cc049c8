import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitSamples } from '#src/data/split.js';

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
