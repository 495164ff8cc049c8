// Learning rate schedules against PyTorch's own values, step by step, and by hand where it has none.
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { type ScheduleConfig, scheduleSchema } from '#src/optim/schedule.schema.js';
import { createSchedule } from '#src/optim/schedules.js';

const path = fileURLToPath(new URL('../fixtures/optimizers.safetensors', import.meta.url));
const { tensors } = readSafetensorsFile(path);

const options = (keys: Record<string, unknown>): ScheduleConfig => scheduleSchema.parse(keys);
const ratesOf = (keys: Record<string, unknown>, steps: number, lr = 0.1): number[] => {
  const schedule = createSchedule(options(keys), lr, steps);
  return Array.from({ length: steps }, (_, step) => schedule(step));
};

// What make_fixtures.py gives to PyTorch's schedulers, in our words; its learning rate is 0.1.
const FIXTURES: Record<string, Record<string, unknown>> = {
  'step_size10_gamma0.5': { name: 'step', stepSize: 10, gamma: 0.5 },
  'multistep_20_45_gamma0.1': { name: 'multiStep', milestones: [20, 45], gamma: 0.1 },
  'exponential_0.95': { name: 'exponential', gamma: 0.95 },
  'cosine_T60_min0.001': { name: 'cosine', minLr: 0.001 },
  cosine_restarts_T10_mult2: { name: 'warmRestarts', period: 10, periodMultiplier: 2 },
  onecycle_max1_total60: { name: 'oneCycle', maxLr: 1, totalSteps: 61 },
  linear_warmup_10_from_0: { name: 'cosine', warmupSteps: 10, warmupStart: 0.1 },
  polynomial_p2: { name: 'polynomial', power: 2 },
};

describe('PyTorch’s schedules', () => {
  const stored = [...tensors.keys()].filter((name) => name.startsWith('schedule/'));

  it.each(stored)('%s, to 1e-12', (name) => {
    const expected = new Float64Array(tensors.get(name)!.bytes.slice().buffer);
    const [, keys] = Object.entries(FIXTURES).find(([ours]) => name.startsWith(`schedule/${ours}`))!;
    const rates = ratesOf(keys, expected.length);
    expect(rates).toHaveLength(60);
    // PyTorch goes from rate to rate, 60 roundings of 1.1e-16 each, and its cosine's last values are differences of near numbers.
    rates.forEach((rate, step) => void expect(Math.abs(rate / expected[step] - 1), `${step}`).toBeLessThan(1e-12));
  });

  it('there are eight of them', () => {
    expect(stored).toHaveLength(Object.keys(FIXTURES).length);
  });
});

describe('a schedule', () => {
  it('is the learning rate itself where there is none, or a constant one', () => {
    expect(createSchedule(undefined, 0.3, 10)(7)).toBe(0.3);
    expect(ratesOf({ name: 'constant' }, 3)).toEqual([0.1, 0.1, 0.1]);
    expect(ratesOf({ name: 'reduceOnPlateau' }, 3)).toEqual([0.1, 0.1, 0.1]);
  });

  it('rises in a straight line over the warm-up to its own first rate, and begins there', () => {
    // 1/4 of 8, and 3/4 of 8 in four steps.
    expect(ratesOf({ name: 'constant', warmupSteps: 4, warmupStart: 0.25 }, 6, 8)).toEqual([2, 3.5, 5, 6.5, 8, 8]);
    const late = ratesOf({ name: 'step', stepSize: 2, gamma: 0.5, warmupSteps: 2, warmupStart: 0 }, 7, 8);
    expect(late).toEqual([0, 4, 8, 8, 4, 4, 2]);
    // OneCycleLR's first rate is maxLr / 25.
    expect(ratesOf({ name: 'oneCycle', maxLr: 50, warmupSteps: 2, warmupStart: 0.5 }, 20)[0]).toBe(1);
  });

  it('that names no length ends with the run, warm-up included', () => {
    const cosine = createSchedule(options({ name: 'cosine', warmupSteps: 10 }), 1, 110);
    expect(cosine(60)).toBeCloseTo(0.5, 12);
    expect(cosine(110)).toBeCloseTo(0, 12);
    expect(createSchedule(options({ name: 'polynomial', endLr: 0.5 }), 1, 10)(5)).toBe(0.75);
  });

  it.each([
    [{ name: 'cosine', minLr: 0.01, totalSteps: 10 }, 0.01],
    [{ name: 'polynomial', endLr: 0.02, totalSteps: 10 }, 0.02],
    [{ name: 'oneCycle', maxLr: 2.5, totalSteps: 10, finalDivFactor: 10 }, 0.01],
  ])('%j keeps its last rate behind its length', (keys, last) => {
    const rates = ratesOf(keys, 40);
    for (const rate of rates.slice(10)) expect(rate).toBeCloseTo(last, 12);
  });

  it('is finite and at most its highest, for any length and step', () => {
    const any = fc.record({
      name: fc.constantFrom('cosine', 'polynomial', 'oneCycle', 'warmRestarts'),
      totalSteps: fc.integer({ min: 1, max: 30 }),
      percentWarmup: fc.constantFrom(0, 0.1, 0.3, 0.9),
      warmupSteps: fc.integer({ min: 0, max: 5 }),
      step: fc.nat(2 ** 39),
    });
    fc.assert(
      fc.property(any, ({ name, totalSteps, percentWarmup, warmupSteps, step }) => {
        const own = {
          cosine: { totalSteps },
          polynomial: { totalSteps, power: 0.5 },
          oneCycle: { totalSteps, percentWarmup, maxLr: 0.1 },
          warmRestarts: { period: totalSteps, periodMultiplier: 1 + (totalSteps % 3) },
        }[name];
        const schedule = createSchedule(options({ name, warmupSteps, ...own }), 0.1, 50);
        for (const at of [0, 1, warmupSteps, warmupSteps + totalSteps - 1, warmupSteps + totalSteps, step]) {
          expect(schedule(at)).toBeGreaterThanOrEqual(0);
          expect(schedule(at)).toBeLessThanOrEqual(0.1 * (1 + 1e-15));
        }
      }),
    );
  });
});
