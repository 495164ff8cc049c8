import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulate } from './protocol-simulation.ts';

const spec = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  shards: fc.integer({ min: 1, max: 5 }),
  ranges: fc.integer({ min: 1, max: 4 }),
  workers: fc.integer({ min: 1, max: 4 }),
  steps: fc.integer({ min: 1, max: 6 }),
  hasNorm: fc.boolean(),
  allowsBackups: fc.boolean(),
  evaluationEvery: fc.integer({ min: 0, max: 3 }),
});

describe('the step protocol under random schedules', () => {
  test('commits every step once, whole, without a deadlock', () => {
    fc.assert(
      fc.property(spec, (random) => {
        const result = simulate({ ...random, deaths: 0, hasReader: false });
        const least = random.steps * random.shards;
        if (random.allowsBackups) expect(result.shardsComputed).toBeGreaterThanOrEqual(least);
        else expect(result.shardsComputed).toBe(least);
      }),
      { numRuns: 300 },
    );
  });

  test('a reader always copies a whole generation that nobody writes meanwhile', () => {
    fc.assert(
      fc.property(spec, (random) => void simulate({ ...random, deaths: 0, hasReader: true })),
      { numRuns: 300 },
    );
  });

  test('workers that die between any two operations change nothing', () => {
    fc.assert(
      fc.property(spec, fc.integer({ min: 1, max: 4 }), (random, deaths) => {
        simulate({ ...random, steps: random.steps + 3, deaths, hasReader: true });
      }),
      { numRuns: 300 },
    );
  });

  test('no more workers train than may, and each pause may change how many', () => {
    let mostTraining = 0;
    fc.assert(
      fc.property(spec, fc.integer({ min: 0, max: 3 }), (random, deaths) => {
        const result = simulate({ ...random, steps: random.steps + 3, deaths, hasReader: true, hasLimits: true });
        mostTraining = Math.max(mostTraining, result.mostTraining);
      }),
      { numRuns: 300 },
    );
    expect(mostTraining).toBe(4);
  });
});
