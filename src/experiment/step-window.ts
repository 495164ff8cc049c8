// Committed steps, one after the other → windows of steps with their means; the coordinator drains the metrics ring into it.
// Pure: the clock is passed in, so that a test can be its own clock.

import { PHASE_NAMES, type PhaseMs, type StepEvent } from './events.ts';
import type { SavedMean, SavedWindow } from './progress.schema.ts';

/** What the metrics ring tells of one committed step; the caller may use the same object again. */
export interface StepRecord {
  step: number;
  epoch: number;
  /** Samples of the global batch. */
  samples: number;
  loss: number;
  lr: number;
  gradNorm: number | null;
  /** From this step's begin to the next one's. */
  stepMs: number;
  phases: PhaseMs;
  /** Of a stream: µs that a worker waited for samples, a mean. */
  sampleWaitUs?: number;
}

/** 19 windows a second; the one that the end flushes makes at most 20. */
const WINDOW_MS = 1000 / 19;

/** Collects steps until a window is full: by time, or after `everySteps` steps where the config says so. */
export class StepWindow {
  readonly #everySteps: 'auto' | number;
  #lastClosedMs = Number.NEGATIVE_INFINITY;
  #step = 0;
  #epoch = 0;
  #steps = 0;
  #samples = 0;
  #loss = new Mean();
  #lr = new Mean();
  #gradNorm: Mean | null = new Mean();
  #stepMs = new Mean();
  #phases = PHASE_NAMES.map(() => new Mean());
  #sampleWaitUs: Mean | undefined;

  constructor(everySteps: 'auto' | number) {
    this.#everySteps = everySteps;
  }

  /** Adds a step that ended at `nowMs`; returns the window that it completes. The first step of a run is a window of its own. */
  add(record: StepRecord, nowMs: number): StepEvent | null {
    this.#collect(record);
    const isFull =
      this.#everySteps === 'auto' ? nowMs - this.#lastClosedMs >= WINDOW_MS : this.#steps >= this.#everySteps;
    if (!isFull) return null;
    this.#lastClosedMs = nowMs;
    return this.flush();
  }

  /** The steps of a window that is not full, at the end of a run; null if there is none. */
  flush(): StepEvent | null {
    if (this.#steps === 0) return null;
    const event = this.#means();
    this.#clear();
    return event;
  }

  /** What a window that is not full holds. */
  saved(): SavedWindow {
    return {
      step: this.#step,
      epoch: this.#epoch,
      steps: this.#steps,
      samples: this.#samples,
      loss: this.#loss.saved(),
      lr: this.#lr.saved(),
      gradNorm: this.#gradNorm?.saved() ?? null,
      stepMs: this.#stepMs.saved(),
      phases: this.#phases.map((mean) => mean.saved()),
      ...(this.#sampleWaitUs && { sampleWaitUs: this.#sampleWaitUs.saved() }),
    };
  }

  restore(saved: SavedWindow): void {
    this.#step = saved.step;
    this.#epoch = saved.epoch;
    this.#steps = saved.steps;
    this.#samples = saved.samples;
    this.#loss = new Mean(saved.loss);
    this.#lr = new Mean(saved.lr);
    this.#gradNorm = saved.gradNorm && new Mean(saved.gradNorm);
    this.#stepMs = new Mean(saved.stepMs);
    this.#phases = PHASE_NAMES.map((_, i) => new Mean(saved.phases[i]));
    this.#sampleWaitUs = saved.sampleWaitUs && new Mean(saved.sampleWaitUs);
  }

  #collect(record: StepRecord): void {
    this.#step = record.step;
    this.#epoch = record.epoch;
    this.#steps++;
    this.#samples += record.samples;
    this.#loss.add(record.loss);
    this.#lr.add(record.lr);
    this.#stepMs.add(record.stepMs);
    if (record.gradNorm === null) this.#gradNorm = null;
    else this.#gradNorm?.add(record.gradNorm);
    for (let i = 0; i < PHASE_NAMES.length; i++) this.#phases[i].add(record.phases[PHASE_NAMES[i]]);
    if (record.sampleWaitUs === undefined) return;
    this.#sampleWaitUs ??= new Mean();
    this.#sampleWaitUs.add(record.sampleWaitUs);
  }

  #means(): StepEvent {
    const stepMs = this.#stepMs.value;
    return {
      type: 'step',
      step: this.#step,
      epoch: this.#epoch,
      steps: this.#steps,
      loss: this.#loss.value,
      lr: this.#lr.value,
      gradNorm: this.#gradNorm?.value ?? null,
      samplesPerSecond: (1000 * this.#samples) / (stepMs * this.#steps),
      stepMs,
      phases: Object.fromEntries(PHASE_NAMES.map((name, i) => [name, this.#phases[i].value])) as unknown as PhaseMs,
      ...(this.#sampleWaitUs && { sampleWaitUs: this.#sampleWaitUs.value }),
    };
  }

  #clear(): void {
    this.#steps = 0;
    this.#samples = 0;
    this.#gradNorm = new Mean();
    this.#sampleWaitUs = undefined;
    for (const mean of [this.#loss, this.#lr, this.#gradNorm, this.#stepMs, ...this.#phases]) mean.clear();
  }
}

/** A running mean around its first value, so that the mean of equal values is exactly that value (a learning rate stays 0.001). */
class Mean {
  #count: number;
  #first: number;
  #excess: number;

  constructor([count, first, excess]: SavedMean = [0, 0, 0]) {
    this.#count = count;
    this.#first = first;
    this.#excess = excess;
  }

  saved(): SavedMean {
    return [this.#count, this.#first, this.#excess];
  }

  add(value: number): void {
    if (this.#count === 0) this.#first = value;
    else this.#excess += value - this.#first;
    this.#count++;
  }

  get value(): number {
    return this.#first + this.#excess / this.#count;
  }

  clear(): void {
    this.#count = 0;
    this.#first = 0;
    this.#excess = 0;
  }
}
