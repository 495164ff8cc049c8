import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestKey } from '#src/config/nearest-key.js';

describe('editDistance', () => {
  // Hand-worked; the last pair tells optimal string alignment (3) from the unrestricted distance (2).
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['name', 'nmae', 1],
    ['abcd', 'acbd', 1],
    ['ca', 'abc', 3],
  ])('from %j to %j is %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });

  it('is 0 for the same word only, symmetric, and at most the longer length', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('nearestKey', () => {
  const KEYS = ['name', 'seed', 'shards', 'workers', 'maxWorkers', 'numerics', 'microBatch', 'batchSize', 'lr'];

  it.each([
    ['wokers', 'workers'],
    ['batch_size', 'batchSize'],
    ['BATCHSIZE', 'batchSize'],
    ['shard', 'shards'],
    ['max-workers', 'maxWorkers'],
    ['lt', undefined],
    ['dropout', undefined],
    ['', undefined],
  ])('of %j is %j', (word, key) => {
    expect(nearestKey(word, KEYS)).toBe(key);
  });

  it('of a known word is the word itself', () => {
    for (const key of KEYS.filter((known) => known.length > 2)) expect(nearestKey(key, KEYS)).toBe(key);
  });

  it('gives up on words that nobody mistypes', { timeout: 2000 }, () => {
    expect(nearestKey('x'.repeat(1e6), KEYS)).toBeUndefined();
  });
});
