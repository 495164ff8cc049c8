// A run told step by step: its events and files, on a clock that the test turns.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginRunFolder } from '#src/experiment/begin-run-folder.js';
import type { EpochEvent, ProgressEvent, StepEvent, TrainEvent } from '#src/experiment/events.js';
import { MetricsLog } from '#src/experiment/metrics-log.js';
import { type ReportSpec, RunReport } from '#src/experiment/run-report.js';
import { committedStep } from './committed-step.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number): void => void vi.advanceTimersByTime(ms);

interface Told {
  event: TrainEvent | ProgressEvent;
  atMs: number;
}

/** A report of 8 steps, 3 an epoch, that writes into a folder of its own. */
function openReport(keys: Partial<ReportSpec> = {}) {
  const folder = beginRunFolder(mkdtempSync(join(tmpdir(), 'lockstep-report-')), 'told').publish();
  const log = new MetricsLog(folder, keys.metric ?? 'accuracy');
  const told: Told[] = [];
  const report = new RunReport({
    metric: 'accuracy',
    stepsPerEpoch: 3,
    totalSteps: 8,
    everySteps: 'auto',
    isEvaluatedAfter: () => false,
    log,
    onEvent: (event) => void told.push({ event, atMs: performance.now() }),
    ...keys,
  });
  const lines = (file: string): string[] => readFileSync(folder.file(file), 'utf8').trim().split('\n');
  const eventsOf = <Event extends Told['event']>(type: Event['type']): Event[] =>
    told.map(({ event }) => event).filter((event): event is Event => event.type === type);
  return {
    report,
    told,
    epochs: () => eventsOf<EpochEvent>('epoch'),
    windows: () => eventsOf<StepEvent>('step'),
    progress: () => eventsOf<ProgressEvent>('progress'),
    metrics: () => lines('metrics.jsonl').map((line) => JSON.parse(line)),
    rows: () => lines('results.csv').slice(1),
  };
}

/** The steps from `first` to `end` − 1, 4 ms each. */
function tell(report: RunReport, first: number, end: number): void {
  for (let step = first; step < end; step++) {
    pass(4);
    report.addStep(committedStep(step));
  }
}

describe('an epoch’s row', () => {
  it('has the sums of its steps, worked out by hand', () => {
    const { report, epochs, rows } = openReport();
    pass(1000);
    report.begin();
    const steps = [
      { lossNumerator: 30, correct: 2, stepMs: 4, lr: 0.5 },
      { lossNumerator: 20, correct: 4, stepMs: 9, lr: 0.25 },
      { lossNumerator: 4, correct: 4, stepMs: 7, lr: 0.125, samples: 5, denominator: 5 },
    ];
    steps.forEach((keys, step) => {
      pass(keys.stepMs);
      report.addStep(committedStep(step, keys));
    });
    const expected = {
      type: 'epoch',
      epoch: 1,
      step: 3,
      trainLoss: 54 / 25,
      trainMetric: 10 / 25,
      metric: 'accuracy',
      lr: 0.125,
      samplesPerSecond: 1250, // 25 samples in 20 ms
      stepMs: 7,
      seconds: 0.02,
      isBest: false,
    };
    const [epoch] = epochs();
    expect({ ...epoch, seconds: Math.round(epoch.seconds * 1e6) / 1e6 }).toEqual(expected);
    expect(rows()).toEqual([`1,3,${epoch.seconds},0.125,2.16,0.4,,,1250,7,0`]);
    expect(report.statistics.trainLoss).toBe(2.16);
  });

  it('comes at once without a validation part, and once for the part of an epoch that ends the run', () => {
    const { report, epochs, rows, told } = openReport();
    report.begin();
    tell(report, 0, 3);
    expect(told.at(-1)?.event.type).toBe('epoch');
    tell(report, 3, 8);
    expect(epochs().map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 3],
      [2, 6],
    ]);
    report.endEpoch();
    report.endEpoch();
    report.end();
    expect(epochs().map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 3],
      [2, 6],
      [3, 8],
    ]);
    expect(epochs().every((event) => !('validationLoss' in event))).toBe(true);
    expect(rows().map((row) => row.split(',').slice(0, 2).join())).toEqual(['1,3', '2,6', '3,8']);
  });

  it('is not told again at the end of a run that ends with an epoch', () => {
    const { report, epochs } = openReport({ totalSteps: 6 });
    report.begin();
    tell(report, 0, 6);
    report.endEpoch();
    expect(epochs().map(({ step }) => step)).toEqual([3, 6]);
  });

  it('waits for its evaluation, and has its figures and its time', () => {
    const { report, epochs, rows } = openReport({ isEvaluatedAfter: (steps) => steps % 3 === 0 || steps === 8 });
    report.begin();
    const evaluations = [
      [{ loss: 0.5, metric: 0.75 }, true],
      [{ loss: 0.75, metric: 0.5 }, false],
      [{ loss: 0.25, metric: 1 }, true],
    ] as const;
    [3, 6, 8].forEach((end, i) => {
      tell(report, i * 3, end);
      expect(epochs()).toHaveLength(i);
      pass(500);
      const [validation, isBest] = evaluations[i];
      report.endEpoch(validation, isBest);
      expect(epochs()).toHaveLength(i + 1);
    });
    expect(epochs().map(({ epoch, step, isBest }) => [epoch, step, isBest])).toEqual([
      [1, 3, true],
      [2, 6, false],
      [3, 8, true],
    ]);
    expect(epochs().map(({ validationLoss, validationMetric }) => [validationLoss, validationMetric])).toEqual([
      [0.5, 0.75],
      [0.75, 0.5],
      [0.25, 1],
    ]);
    // Evaluation counts as time of the epoch, not of its steps: 10 samples in 4 ms each.
    expect(epochs().map(({ samplesPerSecond }) => samplesPerSecond)).toEqual([2500, 2500, 2500]);
    expect(epochs().map(({ seconds }) => Math.round(seconds * 1000))).toEqual([512, 512, 508]);
    expect(rows().map((row) => row.split(',').slice(6, 8).join())).toEqual(['0.5,0.75', '0.75,0.5', '0.25,1']);
    expect(rows().map((row) => row.at(-1))).toEqual(['1', '0', '1']);
  });

  it('comes in order where only every other epoch is evaluated', () => {
    const { report, epochs } = openReport({ isEvaluatedAfter: (steps) => steps === 6 || steps === 8 });
    report.begin();
    tell(report, 0, 6);
    expect(epochs().map(({ step }) => step)).toEqual([3]);
    report.endEpoch({ loss: 0.5, metric: 0.5 }, true);
    tell(report, 6, 8);
    report.endEpoch({ loss: 0.25, metric: 0.5 });
    expect(epochs().map(({ epoch, step, validationLoss }) => [epoch, step, validationLoss])).toEqual([
      [1, 3, undefined],
      [2, 6, 0.5],
      [3, 8, 0.25],
    ]);
  });

  it('has the loss as its metric for mse', () => {
    const { report, epochs } = openReport({ metric: 'mse' });
    report.begin();
    tell(report, 0, 3);
    expect(epochs()[0]).toMatchObject({ metric: 'mse', trainLoss: 2, trainMetric: 2 });
  });
});

describe('windows', () => {
  it('come at most 20 times a second, whatever the steps take, and every step is in one', () => {
    for (const stepMs of [0.05, 3, 51, 400]) {
      const { report, told, windows, metrics } = openReport({ totalSteps: 1e6, stepsPerEpoch: 1e6 });
      report.begin();
      const steps = Math.min(20_000, Math.ceil(3000 / stepMs));
      for (let step = 0; step < steps; step++) {
        pass(stepMs);
        report.addStep(committedStep(step, { stepMs }));
      }
      report.end();
      const times = told.filter(({ event }) => event.type === 'step').map(({ atMs }) => atMs);
      for (const end of times) {
        expect(times.filter((at) => at > end - 1000 && at <= end).length).toBeLessThanOrEqual(20);
      }
      expect(windows().reduce((sum, window) => sum + window.steps, 0)).toBe(steps);
      expect(metrics()).toEqual(windows().map(({ type, ...window }) => window));
    }
  });

  it('have the means of their steps', () => {
    const { report, windows } = openReport({ everySteps: 2 });
    report.begin();
    report.addStep(committedStep(3, { lossNumerator: 5, denominator: 10, gradNorm: 1, stepMs: 2 }));
    report.addStep(committedStep(4, { lossNumerator: 30, denominator: 20, gradNorm: 3, stepMs: 6, samples: 30 }));
    expect(windows()).toMatchObject([
      // The mean of 0.5 and 1.5; 40 samples in 8 ms.
      { step: 4, epoch: 1, steps: 2, loss: 1, gradNorm: 2, stepMs: 4, samplesPerSecond: 5000, lr: 0.1 },
    ]);
    expect(windows()[0].phases).toEqual({
      gather: 0.25,
      forward: 1,
      backward: 2,
      reduce: 0.25,
      update: 0.25,
      wait: 0.125,
      coordinator: 0.125,
    });
  });

  it('end with the run, and come before the row of the epoch that their last step ends', () => {
    const { report, told, windows } = openReport({ everySteps: 3 });
    report.begin();
    tell(report, 0, 8);
    report.end();
    report.end();
    expect(windows().map(({ step, steps }) => [step, steps])).toEqual([
      [2, 3],
      [5, 3],
      [7, 2],
    ]);
    const order = told.map(({ event }) => event.type).filter((type) => type !== 'progress');
    expect(order).toEqual(['step', 'epoch', 'step', 'epoch', 'step']);
  });
});

describe('progress', () => {
  it('comes at most ten times a second, and counts within the epoch', () => {
    const { report, told, progress } = openReport({ totalSteps: 1e4, stepsPerEpoch: 100 });
    report.begin();
    tell(report, 0, 750);
    const times = told.filter(({ event }) => event.type === 'progress').map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(20);
    for (let i = 1; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(100);
    for (const { epoch, stepInEpoch } of progress()) {
      expect(stepInEpoch).toBeGreaterThanOrEqual(1);
      expect(stepInEpoch).toBeLessThanOrEqual(100);
      expect(epoch).toBeLessThanOrEqual(7);
    }
    expect(progress()[0]).toEqual({
      type: 'progress',
      epoch: 0,
      stepInEpoch: 1,
      stepsPerEpoch: 100,
      loss: 2,
      samplesPerSecond: 2500,
    });
  });
});
