import { describe, expect, it } from 'vitest';
import { Durations, EpochStatistics, lossAndMetric, RunStatistics } from '#src/experiment/run-statistics.js';
import { committedStep } from './committed-step.ts';

// All values by hand.

describe('Durations', () => {
  const of = (values: readonly number[], most?: number): Durations => {
    const durations = new Durations(most);
    for (const ms of values) durations.add(ms);
    return durations;
  };

  it('gives the values at shares of the sorted durations', () => {
    expect(of([10, 9, 2, 100, 33]).quantiles(0.5)).toEqual([10]);
    // Of an even number the upper one.
    expect(of([4, 1, 3, 2]).quantiles(0.5)).toEqual([3]);
    const hundred = of(Array.from({ length: 100 }, (_, i) => 100 - i));
    expect(hundred.quantiles(0, 0.5, 0.95, 1)).toEqual([1, 51, 96, 100]);
    expect(of([7]).quantiles(0.5, 0.95)).toEqual([7, 7]);
  });

  it('keeps the last ones of a longer run', () => {
    expect(of([1, 2, 3, 4, 5, 6], 4).quantiles(0, 0.5, 1)).toEqual([3, 5, 6]);
    expect(of([1, 2, 3, 4], 4).quantiles(0, 1)).toEqual([1, 4]);
  });

  it('has none before the first and after clear', () => {
    const durations = of([3, 1]);
    expect(durations.quantiles(0.5)).toEqual([3]);
    durations.clear();
    expect(durations.quantiles(0.5)).toBeNull();
    durations.add(9);
    expect(durations.quantiles(0, 1)).toEqual([9, 9]);
    expect(new Durations().quantiles(0.5)).toBeNull();
  });
});

describe('lossAndMetric', () => {
  const sums = { lossNumerator: 6, denominator: 8, correct: 2, counted: 8 };

  it('divides by the denominator; the metric of mse is the loss', () => {
    expect(lossAndMetric('accuracy', sums)).toEqual({ loss: 0.75, metric: 0.25 });
    expect(lossAndMetric('mse', sums)).toEqual({ loss: 0.75, metric: 0.75 });
  });
});

describe('EpochStatistics', () => {
  it('sums what the steps had, and begins again after clear', () => {
    const epoch = new EpochStatistics();
    epoch.add(committedStep(0));
    epoch.add(
      committedStep(1, { samples: 3, lossNumerator: 1.5, denominator: 3, correct: 3, stepMs: 6, isSkipped: true }),
    );
    expect(epoch).toMatchObject({ samples: 13, lossNumerator: 21.5, denominator: 13, correct: 8, stepMs: 10 });
    expect(epoch.durations.quantiles(0, 1)).toEqual([4, 6]);
    epoch.clear();
    expect(epoch).toMatchObject({ samples: 0, lossNumerator: 0, denominator: 0, correct: 0, stepMs: 0 });
    expect(epoch.durations.quantiles(0.5)).toBeNull();
  });
});

describe('RunStatistics', () => {
  /** The first `slow` of `steps` steps take 100 ms, the others 5; each has 10 samples. */
  function run(totalSteps: number, steps: number, slow: number): RunStatistics {
    const statistics = new RunStatistics(totalSteps);
    for (let step = 0; step < steps; step++) statistics.add(committedStep(step, { stepMs: step < slow ? 100 : 5 }));
    return statistics;
  }

  it.each([
    // 5 % of 40 are 2, of 21 a little more than one, so two.
    [40, 2],
    [21, 2],
    [20, 1],
    [100, 5],
  ])('samplesPerSecond of %i steps leaves out the first %i', (totalSteps, warmUp) => {
    expect(run(totalSteps, totalSteps, warmUp).samplesPerSecond()).toBe(2000);
    // One slow step more is in it: 10 samples each, 100 ms and 5 ms for each of the others.
    const rest = totalSteps - warmUp;
    const slower = run(totalSteps, totalSteps, warmUp + 1).samplesPerSecond()!;
    expect(slower).toBeCloseTo((1000 * 10 * rest) / (100 + 5 * (rest - 1)), 9);
  });

  it('samplesPerSecond is of all steps where a run was stopped in its first 5 %, null without any', () => {
    expect(run(1000, 4, 2).samplesPerSecond()).toBe((1000 * 40) / 210);
    expect(run(1, 1, 0).samplesPerSecond()).toBe(2000);
    expect(run(1000, 0, 0).samplesPerSecond()).toBeNull();
  });

  it('counts steps, samples and skipped steps, the first 5 % included', () => {
    const statistics = new RunStatistics(100);
    statistics.add(committedStep(0, { samples: 7 }));
    statistics.add(committedStep(1, { isSkipped: true }));
    statistics.add(committedStep(2, { isSkipped: true }));
    expect(statistics).toMatchObject({ steps: 3, skippedSteps: 2, samplesSeen: 27, trainLoss: null });
  });

  it('stepMs has the median and the 95th percentile of all steps', () => {
    const statistics = new RunStatistics(100);
    expect(statistics.stepMs()).toBeNull();
    for (let step = 0; step < 100; step++) statistics.add(committedStep(step, { stepMs: 100 - step }));
    expect(statistics.stepMs()).toEqual({ median: 51, p95: 96 });
  });

  it('phaseMs has the means of the seven phases of a step, which still sum to it', () => {
    const statistics = new RunStatistics(100);
    expect(statistics.phaseMs()).toBeNull();
    statistics.add(committedStep(0));
    // An evaluation between two steps is no part of either.
    const phaseMs = Float64Array.of(1.25, 3, 4, 0.75, 0.25, 0.625, 0.125, 99);
    statistics.add(committedStep(1, { stepMs: 10, phaseMs }));
    const means = {
      gather: 0.75,
      forward: 2,
      backward: 3,
      reduce: 0.5,
      update: 0.25,
      wait: 0.375,
      coordinator: 0.125,
    };
    expect(statistics.phaseMs()).toEqual(means);
    expect(Object.values(means).reduce((sum, ms) => sum + ms)).toBe((4 + 10) / 2);
  });
});
