// The ring of records and the seats' clocks, written by hand, against what the coordinator reads out of them.
import { describe, expect, it } from 'vitest';
import {
  HASH_CELL_COUNT,
  type MemoryMap,
  RECORD_CELLS,
  SEAT_CELL_COUNT,
  SEAT_CELLS,
  STRETCH_CELLS,
} from '#src/engine/memory-map.js';
import { TIMED_PHASES } from '#src/engine/phase-clock.js';
import { attachViews, RECORD_RANGES, type SharedViews } from '#src/engine/shared-views.js';
import { type CommittedStep, StepRecords } from '#src/engine/step-records.js';
import type { PhaseBench } from './phase-bench.ts';
import { openBench } from './small-samples.ts';

/** A ring of `size` records in the memory of a bench with two seats and three ranges. */
function openRing(size: number): { map: MemoryMap; views: SharedViews; bench: PhaseBench } {
  const bench = openBench({ validationSamples: 20 });
  const map = { ...bench.map, records: size };
  return { map, views: attachViews(bench.memory, map), bench };
}

/** The record of a step, each of its cells another number. */
function write(views: SharedViews, step: number, time: number): void {
  const at = views.recordAt(step);
  const cells = { step, time, lossNumerator: step + 0.5, denominator: 10, correct: step % 7, samples: 10 + step };
  for (const [name, value] of Object.entries(cells)) views.records[at + RECORD_CELLS[name as 'step']] = value;
  views.records[at + RECORD_CELLS.lr] = 1 / (step + 1);
  views.records[at + RECORD_CELLS.isSkipped] = step % 5 === 3 ? 1 : 0;
  // Norm 13 · (step + 1): 3² + 4² + 12² = 13².
  [3, 4, 12].forEach((x, r) => {
    views.records[at + RECORD_RANGES + r] = (x * (step + 1)) ** 2;
  });
}

/** Copies: the reader's record is the same object for every step. */
function reader(records: StepRecords) {
  const steps: CommittedStep[] = [];
  return {
    steps,
    read: (end: number, isStretchOver: boolean) =>
      records.read(end, isStretchOver, (step) => steps.push({ ...step, phaseMs: step.phaseMs.slice() })),
  };
}

describe('StepRecords', () => {
  it('reads every step once, in order, with its own numbers, though the ring is smaller than the run', () => {
    const { map, views } = openRing(16);
    const records = new StepRecords(map, views, 2, 0);
    const { steps, read } = reader(records);
    records.beginStretch(0);
    let written = 0;
    // As the gate allows: never more than a ring ahead of the reader.
    for (const end of [1, 16, 32, 33, 40, 56, 57]) {
      for (; written < end; written++) write(views, written, written + 1);
      read(end, false);
      expect(records.next).toBe(end);
    }
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 57 }, (_, i) => i));
    for (const record of steps) {
      const { step } = record;
      expect(record).toMatchObject({
        samples: 10 + step,
        lossNumerator: step + 0.5,
        denominator: 10,
        correct: step % 7,
        lr: 1 / (step + 1),
        gradNorm: 13 * (step + 1),
        isSkipped: step % 5 === 3,
        stepMs: 1,
      });
    }
  });

  it('begins at the first step that it is told', () => {
    const { map, views } = openRing(16);
    const records = new StepRecords(map, views, 1, 1000);
    const { steps, read } = reader(records);
    records.beginStretch(500);
    write(views, 1000, 504);
    read(1001, false);
    expect(steps).toMatchObject([{ step: 1000, stepMs: 4 }]);
  });

  it('gives durations that sum to their stretch; the last step ends with its last range', () => {
    const { map, views } = openRing(16);
    const records = new StepRecords(map, views, 2, 0);
    const { steps, read } = reader(records);
    const stretch = (startMs: number, times: readonly number[], doneAt: readonly number[]): number[] => {
      records.beginStretch(startMs);
      const first = records.next;
      times.forEach((time, i) => void write(views, first + i, time));
      doneAt.forEach((time, seat) => {
        views.seatCells(seat)[SEAT_CELLS.doneAt] = time;
      });
      // All but the last are read while the stretch goes on.
      read(first + times.length - 1, false);
      read(first + times.length, true);
      return steps.slice(first).map(({ stepMs }) => stepMs);
    };
    // Quarters: exact. UPDATE of the third step begins at 1007, the two seats end at 1009 and 1008.5.
    expect(stretch(1000, [1002.25, 1004, 1007], [1009, 1008.5])).toEqual([2.25, 1.75, 5]);
    // The pause from 1009 to 2000 belongs to no step; one step alone ends with its last range too.
    expect(stretch(2000, [2003], [1009, 2004.5])).toEqual([4.5]);
    expect(stretch(3000, [3001, 3003], [3004, 2004.5])).toEqual([1, 3]);
  });

  it('gives phases as means over workers and over the steps read at once, each ms once', () => {
    const { map, views } = openRing(16);
    const records = new StepRecords(map, views, 2, 0);
    const { steps, read } = reader(records);
    records.beginStretch(0);
    const spend = (seat: number, ms: number): void => {
      const cells = views.seatCells(seat);
      for (let phase = 0; phase < TIMED_PHASES.length; phase++) cells[SEAT_CELLS.times + phase] += ms * (phase + 1);
    };
    for (let step = 0; step < 6; step++) write(views, step, step);
    spend(0, 8);
    spend(1, 16);
    read(4, false);
    spend(0, 4);
    read(6, true);
    // (8 + 16) / 2 workers / 4 steps, then 4 / 2 / 2.
    const perPhase = (ms: number): number[] => TIMED_PHASES.map((_, phase) => ms * (phase + 1));
    expect(steps.map(({ phaseMs }) => [...phaseMs])).toEqual([
      ...new Array(4).fill(perPhase(3)),
      ...new Array(2).fill(perPhase(1)),
    ]);
  });

  it('does nothing where there is nothing new', () => {
    const { map, views } = openRing(16);
    const records = new StepRecords(map, views, 2, 5);
    const { steps, read } = reader(records);
    read(5, true);
    read(3, false);
    expect(steps).toEqual([]);
    expect(records.next).toBe(5);
  });

  it('tells the workers when a stretch began, and what is an evaluation', () => {
    const { map, views } = openRing(16);
    const records = new StepRecords(map, views, 2, 0);
    records.beginEvaluation();
    expect(views.stretch[STRETCH_CELLS.isEvaluation]).toBe(1);
    records.beginStretch(1234.5);
    expect(views.stretch[STRETCH_CELLS.startMs]).toBe(1234.5);
    expect(views.stretch[STRETCH_CELLS.isEvaluation]).toBe(0);
  });
});

describe('attachViews', () => {
  it('finds each cell where the map says: what one view writes, raw bytes show', () => {
    const { map, views, bench } = openRing(16);
    const at = (byteOffset: number): number => new Float64Array(bench.memory.buffer, byteOffset, 1)[0];
    views.seatCells(1)[SEAT_CELLS.index] = 11;
    expect(at(map.seatCells + (SEAT_CELL_COUNT + 11) * 8)).toBe(11);
    views.records[views.recordAt(17) + 2] = 12;
    expect(at(map.recordRing + (map.recordCells + 2) * 8)).toBe(12);
    views.gradientTail(6)[3] = 13;
    expect(at(map.gradients + 6 * map.gradientStride + map.gradientTail + 24)).toBe(13);
    views.chunkCells[0] = 14;
    expect(at(map.chunkCells)).toBe(14);
    views.stretch[1] = 15;
    expect(at(map.stretch + 8)).toBe(15);
  });

  it('gives every record of the ring a place of its own, range cells included', () => {
    const { map, views } = openRing(16);
    const places = Array.from({ length: 16 }, (_, step) => views.recordAt(step));
    expect(places).toEqual(places.map((_, i) => i * (RECORD_RANGES + map.ranges.count * (1 + HASH_CELL_COUNT))));
    expect(views.recordAt(2 ** 39 - 1)).toBe(views.recordAt(15));
  });

  it('another attachment to the same memory sees the same cells', () => {
    const { map, views, bench } = openRing(16);
    const other = attachViews(bench.memory, map);
    views.gradientTail(0)[0] = 1.5;
    views.seatCells(0)[0] = 2.5;
    expect([other.gradientTail(0)[0], other.seatCells(0)[0]]).toEqual([1.5, 2.5]);
  });
});
