import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepEvent } from '#src/experiment/events.js';
import { type StepRecord, StepWindow } from '#src/experiment/step-window.js';

const PHASES = { gather: 1, forward: 2, backward: 3, reduce: 0.5, update: 1, wait: 0.25, coordinator: 0.25 };
const RECORD: StepRecord = { step: 0, epoch: 0, samples: 64, loss: 2, lr: 0.1, gradNorm: 1, stepMs: 8, phases: PHASES };

function collect(records: readonly StepRecord[], times: readonly number[], everySteps: 'auto' | number = 'auto') {
  const window = new StepWindow(everySteps);
  const events: { event: StepEvent; atMs: number }[] = [];
  records.forEach((record, i) => {
    const event = window.add(record, times[i]);
    if (event !== null) events.push({ event, atMs: times[i] });
  });
  const last = window.flush();
  if (last !== null) events.push({ event: last, atMs: times[times.length - 1] });
  return events;
}

const timedRecords = fc
  .array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 70 }),
      samples: fc.integer({ min: 1, max: 512 }),
      loss: fc.double({ min: -10, max: 10, noNaN: true }),
      stepMs: fc.double({ min: 0.01, max: 70, noNaN: true }),
    }),
    { minLength: 1, maxLength: 200 },
  )
  .map((steps) => {
    let now = 0;
    const times = steps.map(({ gapMs }) => (now += gapMs));
    const records = steps.map(({ samples, loss, stepMs }, step) => ({ ...RECORD, step, samples, loss, stepMs }));
    return { records, times };
  });

describe('StepWindow', () => {
  it('puts every step into exactly one window and gives its means', () => {
    fc.assert(
      fc.property(timedRecords, ({ records, times }) => {
        let next = 0;
        for (const { event } of collect(records, times)) {
          const own = records.slice(next, next + event.steps);
          next += event.steps;
          const sumOf = (key: 'loss' | 'stepMs' | 'samples') => own.reduce((sum, record) => sum + record[key], 0);
          expect(event.step).toBe(own[own.length - 1].step);
          // At most 200 additions of numbers up to 70: 200 × 70 × 2^-52 is below 1e-11.
          expect(Math.abs(event.loss - sumOf('loss') / own.length)).toBeLessThan(1e-11);
          expect(Math.abs(event.stepMs - sumOf('stepMs') / own.length)).toBeLessThan(1e-11);
          expect(event.samplesPerSecond / ((1000 * sumOf('samples')) / sumOf('stepMs'))).toBeCloseTo(1, 9);
        }
        expect(next).toBe(records.length);
      }),
    );
  });

  it('makes at most 20 windows a second, the flushed one included', () => {
    fc.assert(
      fc.property(timedRecords, ({ records, times }) => {
        const ends = collect(records, times).map(({ atMs }) => atMs);
        for (const end of ends) {
          expect(ends.filter((other) => other > end - 1000 && other <= end).length).toBeLessThanOrEqual(20);
        }
      }),
    );
  });

  it('gives the first step of a run at once', () => {
    expect(new StepWindow('auto').add(RECORD, 0)?.steps).toBe(1);
  });

  it('closes after the number of steps that the config gives', () => {
    const records = Array.from({ length: 7 }, (_, step) => ({ ...RECORD, step }));
    const windows = collect(
      records,
      records.map(() => 0),
      3,
    );
    expect(windows.map(({ event }) => event.steps)).toEqual([3, 3, 1]);
  });

  it('gives the mean of equal values exactly, so that a learning rate stays what it is', () => {
    const records = Array.from({ length: 1000 }, (_, step) => ({ ...RECORD, step, lr: 0.1 }));
    const [, second] = collect(
      records,
      records.map(() => 0),
    );
    expect(second.event.steps).toBe(999);
    expect(second.event.lr).toBe(0.1);
  });

  it('has no gradient norm where one of its steps has none, and has one again in the next window', () => {
    const norms = [1, null, 3, 5];
    const records = norms.map((gradNorm, step) => ({ ...RECORD, step, gradNorm }));
    const windows = collect(
      records,
      records.map(() => 0),
      2,
    );
    expect(windows.map(({ event }) => event.gradNorm)).toEqual([null, 4]);
  });

  it('has phases that still sum to the step', () => {
    const [once, twice] = [1, 2].map((factor) => {
      const phases = { ...PHASES, gather: factor * 1, forward: factor * 7 - 5 };
      return { ...RECORD, stepMs: Object.values(phases).reduce((sum, ms) => sum + ms, 0), phases };
    });
    // 8 ms and 16 ms: gather 1 and 2, forward 2 and 9, all others the same.
    expect([once.stepMs, twice.stepMs]).toEqual([8, 16]);
    const [{ event }] = collect([once, twice], [0, 0], 2);
    expect(event.stepMs).toBe(12);
    expect(Object.values(event.phases).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(12, 12);
  });

  it('may be given the same object for every step', () => {
    const record = { ...RECORD };
    const window = new StepWindow(2);
    window.add(record, 0);
    record.loss = 4;
    record.step = 1;
    expect(window.add(record, 0)).toMatchObject({ loss: 3, step: 1, steps: 2 });
  });
});
