// The ring of step records and the workers' clocks → one record after the other, with its duration. Coordinator.
import { type MemoryMap, RECORD_CELLS, SEAT_CELLS, STRETCH_CELLS } from './memory-map.ts';
import { TIMED_PHASES } from './phase-clock.ts';
import { RECORD_RANGES, type SharedViews } from './shared-views.ts';
import { treeTotal } from './tree.ts';

/** A committed step, as the coordinator reports it. The object is used again for the next one. */
export interface CommittedStep {
  step: number;
  samples: number;
  lossNumerator: number;
  denominator: number;
  correct: number;
  /** Labels that count. */
  counted: number;
  lr: number;
  /** Of the scaled, reduced gradient, before clipping. */
  gradNorm: number;
  isSkipped: boolean;
  /** From the end of the step before, or from when the stretch of steps was let go. */
  stepMs: number;
  /** Ms in each of `TIMED_PHASES`, a mean over the workers that train and over the records read at once. */
  phaseMs: Float64Array;
}

/**
 * Reads the ring. A record's time is the begin of its UPDATE phase; the last step of a stretch ends when its last range is
 * done, so that the durations of a stretch's steps sum to its own.
 */
export class StepRecords {
  /** Steps read so far: the next one's number. */
  next: number;
  readonly #map: MemoryMap;
  readonly #views: SharedViews;
  readonly #seats: readonly Float64Array[];
  readonly #timesRead = new Float64Array(TIMED_PHASES.length);
  readonly #record: CommittedStep;
  #lastMs = 0;
  /** Workers that train: means are over them. */
  running: number;

  constructor(map: MemoryMap, views: SharedViews, workers: number, firstStep: number) {
    this.#map = map;
    this.#views = views;
    // Of all seats: whoever leaves one or joins has worked as well.
    this.#seats = Array.from({ length: map.maxWorkers }, (_, seat) => views.seatCells(seat));
    this.next = firstStep;
    this.running = workers;
    this.#record = {
      step: 0,
      samples: 0,
      lossNumerator: 0,
      denominator: 0,
      correct: 0,
      counted: 0,
      lr: 0,
      gradNorm: 0,
      isSkipped: false,
      stepMs: 0,
      phaseMs: new Float64Array(TIMED_PHASES.length),
    };
  }

  /** A stretch of steps begins now, for `running` of the workers: the others' time is nobody's. */
  beginStretch(startMs: number, running = this.running): void {
    this.#lastMs = startMs;
    this.running = running;
    this.#views.stretch[STRETCH_CELLS.startMs] = startMs;
    this.#views.stretch[STRETCH_CELLS.isEvaluation] = 0;
  }

  /** What comes now is an evaluation. */
  beginEvaluation(): void {
    this.#views.stretch[STRETCH_CELLS.isEvaluation] = 1;
  }

  /** Hands on the records of the steps before `end`; `isStretchOver` says that step end − 1 is the last of its stretch. */
  read(end: number, isStretchOver: boolean, onStep: (record: CommittedStep) => void): void {
    if (this.next >= end) return;
    this.#readPhases(end - this.next);
    for (; this.next < end; this.next++) {
      const isLast = isStretchOver && this.next === end - 1;
      onStep(this.#readRecord(this.next, isLast ? this.#lastDoneMs() : undefined));
    }
  }

  #lastDoneMs(): number {
    return this.#seats.reduce((latest, cells) => Math.max(latest, cells[SEAT_CELLS.doneAt]), 0);
  }

  #readPhases(steps: number): void {
    for (let phase = 0; phase < TIMED_PHASES.length; phase++) {
      const total = this.#seats.reduce((sum, cells) => sum + cells[SEAT_CELLS.times + phase], 0);
      this.#record.phaseMs[phase] = (total - this.#timesRead[phase]) / (steps * this.running);
      this.#timesRead[phase] = total;
    }
  }

  #readRecord(step: number, endMs?: number): CommittedStep {
    const { records } = this.#views;
    const at = this.#views.recordAt(step);
    const record = this.#record;
    const ms = endMs ?? records[at + RECORD_CELLS.time];
    record.step = step;
    record.samples = records[at + RECORD_CELLS.samples];
    record.lossNumerator = records[at + RECORD_CELLS.lossNumerator];
    record.denominator = records[at + RECORD_CELLS.denominator];
    record.correct = records[at + RECORD_CELLS.correct];
    record.counted = records[at + RECORD_CELLS.counted];
    record.lr = records[at + RECORD_CELLS.lr];
    record.isSkipped = records[at + RECORD_CELLS.isSkipped] === 1;
    record.gradNorm = Math.sqrt(treeTotal(this.#map.ranges.count, (r) => records[at + RECORD_RANGES + r]));
    record.stepMs = ms - this.#lastMs;
    this.#lastMs = ms;
    return record;
  }
}
