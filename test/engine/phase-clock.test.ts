// A worker's clock on a time that the test makes, and the one clock of all threads on real ones.
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SEAT_CELL_COUNT, SEAT_CELLS } from '#src/engine/memory-map.js';
import { clockMs, PhaseClock, TIMED, TIMED_PHASES } from '#src/engine/phase-clock.js';
import { PHASE_NAMES } from '#src/experiment/events.js';

afterEach(() => void vi.useRealTimers());

const times = (cells: Float64Array): number[] =>
  // The clock counts from the machine's start: its float64 is off by 2^-21 ms after 50 days.
  [...cells.subarray(SEAT_CELLS.times, SEAT_CELLS.times + TIMED_PHASES.length)].map((ms) => Math.round(ms * 1e6) / 1e6);

describe('PhaseClock', () => {
  it('adds the time since the last mark to what was under way', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const cells = new Float64Array(SEAT_CELL_COUNT);
    const clock = new PhaseClock(cells);
    const spend = (ms: number, next: number): void => {
      vi.advanceTimersByTime(ms);
      clock.mark(next);
    };
    spend(2, TIMED.gather);
    spend(3, TIMED.forward);
    spend(5, TIMED.backward);
    spend(7, TIMED.gather);
    spend(11, TIMED.wait);
    spend(13, TIMED.wait);
    spend(17, TIMED.coordinator);
    // gather 3 + 11, forward 5, backward 7, wait 13 + 17; it begins in the coordinator's time.
    expect(times(cells)).toEqual([14, 5, 7, 0, 0, 30, 2, 0]);
    expect(times(cells).reduce((sum, ms) => sum + ms)).toBe(58);
  });

  it('skipTo leaves out what lies before, and never turns back', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const cells = new Float64Array(SEAT_CELL_COUNT);
    const clock = new PhaseClock(cells);
    vi.advanceTimersByTime(100);
    const start = clockMs();
    vi.advanceTimersByTime(4);
    clock.skipTo(start);
    clock.mark(TIMED.wait);
    expect(times(cells)[TIMED.coordinator]).toBe(4);
    clock.skipTo(start - 50);
    vi.advanceTimersByTime(6);
    clock.mark(TIMED.gather);
    expect(times(cells)).toEqual([0, 0, 0, 0, 0, 6, 4, 0]);
  });

  it('touches no other cells of the seat', () => {
    const cells = new Float64Array(SEAT_CELL_COUNT).fill(-1, TIMED_PHASES.length);
    const clock = new PhaseClock(cells);
    for (let phase = 0; phase < TIMED_PHASES.length; phase++) clock.mark(phase);
    expect([...cells.subarray(TIMED_PHASES.length)]).toEqual(new Array(SEAT_CELL_COUNT - 8).fill(-1));
    expect(Math.min(...Object.values(SEAT_CELLS).filter((cell) => cell > 0))).toBe(TIMED_PHASES.length);
  });
});

describe('the timed phases', () => {
  it('are those of the metrics, then the evaluation', () => {
    expect(TIMED_PHASES).toEqual([...PHASE_NAMES, 'evaluate']);
    for (const [name, index] of Object.entries(TIMED)) expect(TIMED_PHASES[index]).toBe(name);
  });
});

it('clockMs is one clock for all threads, though each counts performance.now() from its own start', {
  timeout: 20_000,
}, async () => {
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(import.meta.resolve('#src/engine/phase-clock.js'))})
      .then(({ clockMs }) => parentPort.postMessage([clockMs(), performance.now()]));
  `;
  const before = clockMs();
  const worker = new Worker(source, { eval: true });
  const [theirs, sinceStart] = await new Promise<[number, number]>((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  const after = clockMs();
  await worker.terminate();
  // Each thread reads two clocks one after the other; what the system puts between them is the error, far below this.
  const slackMs = 50;
  expect(theirs).toBeGreaterThan(before - slackMs);
  expect(theirs).toBeLessThan(after + slackMs);
  // Were it performance.now(), it would have been this.
  expect(Math.abs(theirs - sinceStart)).toBeGreaterThan(1000);
});
