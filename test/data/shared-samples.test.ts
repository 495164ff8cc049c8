import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDuplicates, findSharedSamples } from '#src/data/shared-samples.js';

const ids = (list: number[]) => Uint32Array.from(list);
const samples = (rows: number[][]) => ({ bytes: Uint8Array.from(rows.flat()), bytesPerSample: rows[0].length });

describe('findSharedSamples', () => {
  it('counts the samples that a part before has too, and names the first with its twin', () => {
    const rows = [
      [1, 2],
      [3, 4],
      [1, 2],
      [5, 6],
      [3, 4],
      [5, 6],
      [5, 6],
    ];
    const parts = { train: ids([0, 1]), validation: ids([2, 3]), test: ids([4, 5, 6]) };
    expect(findSharedSamples(samples(rows), parts)).toEqual([
      { part: 'validation', count: 1, first: [2, 0] },
      { part: 'test', count: 3, first: [4, 1] },
    ]);
  });

  it('finds none where only samples of one part are equal', () => {
    const rows = [[1], [1], [2], [2], [3], [3]];
    expect(
      findSharedSamples(samples(rows), { train: ids([0, 1]), validation: ids([2, 3]), test: ids([4, 5]) }),
    ).toEqual([]);
  });

  it('finds what comparing all pairs finds, for samples of whole words and of odd lengths', () => {
    const sizes = fc.constantFrom(1, 3, 4, 8).chain((size) =>
      fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: size, maxLength: size }), {
        minLength: 3,
        maxLength: 40,
      }),
    );
    fc.assert(
      fc.property(sizes, (rows) => {
        const part = (rest: number) => ids([...rows.keys()].filter((id) => id % 3 === rest));
        const parts = { train: part(0), validation: part(1), test: part(2) };
        const text = (id: number) => rows[id].join();
        const knownBefore = (known: Uint32Array[], part: Uint32Array) =>
          [...part].filter((id) => known.some((one) => [...one].some((other) => text(other) === text(id)))).length;
        const found = new Map(findSharedSamples(samples(rows), parts).map(({ part: name, count }) => [name, count]));
        expect(found.get('validation') ?? 0).toBe(knownBefore([parts.train], parts.validation));
        expect(found.get('test') ?? 0).toBe(knownBefore([parts.train, parts.validation], parts.test));
        const firsts = new Set(rows.map((row) => row.join()));
        expect(countDuplicates(samples(rows), rows.length)).toBe(rows.length - firsts.size);
      }),
    );
  });

  it('is quick where all samples are equal', () => {
    const count = 200_000;
    const all = { bytes: new Uint8Array(count * 4), bytesPerSample: 4 };
    // Comparing each with each would take 10^10 comparisons: far beyond the time limit of a test.
    expect(countDuplicates(all, count)).toBe(count - 1);
  });
});
