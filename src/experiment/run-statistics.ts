// Committed steps, one after the other → an epoch's and the whole run's means, medians and throughput. Coordinator; pure.
import type { CommittedStep } from '../engine/step-records.ts';
import type { LossMetric } from '../nn/losses.ts';
import { PHASE_NAMES, type PhaseMs } from './events.ts';
import type { MetricValue } from './metric-values.ts';
import type { SavedEpoch, SavedStatistics } from './progress.schema.ts';

/** The share of a run's steps that its throughput leaves out: compilers warm up and caches fill in them. */
const WARM_UP_SHARE = 0.05;
/** Durations that are kept for the median: the last ones of a longer run. */
const MOST_DURATIONS = 65_536;
/** Of them a checkpoint has so many: enough for the median and the 95th of 100. */
const SAVED_DURATIONS = 2048;

/** Loss and metric over some samples. */
export interface LossAndMetric {
  loss: number;
  metric: number;
  /** The metrics that were asked for; undefined where none were. */
  values?: Record<string, MetricValue>;
}

/** Sums to a mean loss and its metric: the share of correct answers, or the loss itself. */
export function lossAndMetric(
  metric: LossMetric,
  sums: { lossNumerator: number; denominator: number; correct: number; counted: number },
): LossAndMetric {
  const loss = sums.lossNumerator / sums.denominator;
  return { loss, metric: metric === 'accuracy' ? sums.correct / sums.counted : loss };
}

/** The last durations of steps, for their median. */
export class Durations {
  readonly #ms: Float64Array;
  #count = 0;

  constructor(most = MOST_DURATIONS) {
    this.#ms = new Float64Array(most);
  }

  add(ms: number): void {
    this.#ms[this.#count++ % this.#ms.length] = ms;
  }

  clear(): void {
    this.#count = 0;
  }

  /** The last of them, `most` at most, in order. */
  saved(most: number): Float64Array {
    const kept = Math.min(this.#count, this.#ms.length, most);
    return Float64Array.from({ length: kept }, (_, i) => this.#ms[(this.#count - kept + i) % this.#ms.length]);
  }

  restore(saved: Float64Array): void {
    this.clear();
    for (const ms of saved) this.add(ms);
  }

  /** The values at these shares of the sorted durations (0.5 is the median); null without any. */
  quantiles(...shares: number[]): number[] | null {
    const kept = Math.min(this.#count, this.#ms.length);
    if (kept === 0) return null;
    const sorted = this.#ms.slice(0, kept).sort();
    return shares.map((share) => sorted[Math.min(kept - 1, Math.floor(share * kept))]);
  }
}

/** Sums over the steps of an epoch. */
export class EpochStatistics {
  lossNumerator = 0;
  denominator = 0;
  correct = 0;
  counted = 0;
  samples = 0;
  stepMs = 0;
  readonly durations = new Durations();

  add(record: CommittedStep): void {
    this.lossNumerator += record.lossNumerator;
    this.denominator += record.denominator;
    this.correct += record.correct;
    this.counted += record.counted;
    this.samples += record.samples;
    this.stepMs += record.stepMs;
    this.durations.add(record.stepMs);
  }

  saved(): SavedEpoch {
    const { lossNumerator, denominator, correct, counted, samples, stepMs } = this;
    const durations = this.durations.saved(SAVED_DURATIONS);
    return { lossNumerator, denominator, correct, counted, samples, stepMs, durations };
  }

  restore({ durations, ...sums }: SavedEpoch): void {
    Object.assign(this, sums);
    this.durations.restore(durations);
  }

  clear(): void {
    this.lossNumerator = 0;
    this.denominator = 0;
    this.correct = 0;
    this.counted = 0;
    this.samples = 0;
    this.stepMs = 0;
    this.durations.clear();
  }
}

/** Sums over the whole run. */
export class RunStatistics {
  steps = 0;
  skippedSteps = 0;
  samplesSeen = 0;
  /** Of the last epoch that is over, or of the steps since. */
  trainLoss: number | null = null;
  readonly #warmUpSteps: number;
  readonly #durations = new Durations();
  readonly #phases = new Float64Array(PHASE_NAMES.length);
  #totalMs = 0;
  #warmSamples = 0;
  #warmMs = 0;
  #sampleWaitMs = 0;

  constructor(totalSteps: number) {
    this.#warmUpSteps = Math.ceil(totalSteps * WARM_UP_SHARE);
  }

  add(record: CommittedStep): void {
    this.steps++;
    if (record.isSkipped) this.skippedSteps++;
    this.samplesSeen += record.samples;
    this.#totalMs += record.stepMs;
    this.#durations.add(record.stepMs);
    for (let i = 0; i < this.#phases.length; i++) this.#phases[i] += record.phaseMs[i];
    this.#sampleWaitMs += record.sampleWaitMs;
    if (record.step < this.#warmUpSteps) return;
    this.#warmSamples += record.samples;
    this.#warmMs += record.stepMs;
  }

  saved(): SavedStatistics {
    const { steps, skippedSteps, samplesSeen, trainLoss } = this;
    return {
      steps,
      skippedSteps,
      samplesSeen,
      trainLoss,
      durations: this.#durations.saved(SAVED_DURATIONS),
      phases: this.#phases.slice(),
      totalMs: this.#totalMs,
      warmSamples: this.#warmSamples,
      warmMs: this.#warmMs,
      ...(this.#sampleWaitMs > 0 && { sampleWaitMs: this.#sampleWaitMs }),
    };
  }

  restore(saved: SavedStatistics): void {
    this.steps = saved.steps;
    this.skippedSteps = saved.skippedSteps;
    this.samplesSeen = saved.samplesSeen;
    this.trainLoss = saved.trainLoss;
    this.#durations.restore(saved.durations);
    this.#phases.set(saved.phases);
    this.#totalMs = saved.totalMs;
    this.#warmSamples = saved.warmSamples;
    this.#warmMs = saved.warmMs;
    this.#sampleWaitMs = saved.sampleWaitMs ?? 0;
  }

  /** Training steps only, without the first 5 %; of all steps where a stopped run never got further. */
  samplesPerSecond(): number | null {
    if (this.#warmMs > 0) return (1000 * this.#warmSamples) / this.#warmMs;
    return this.#totalMs > 0 ? (1000 * this.samplesSeen) / this.#totalMs : null;
  }

  stepMs(): { median: number; p95: number } | null {
    const quantiles = this.#durations.quantiles(0.5, 0.95);
    return quantiles && { median: quantiles[0], p95: quantiles[1] };
  }

  /** What workers waited for samples of a stream: µs a step, and the share of all steps' time; null before the first step. */
  sampleWait(): { usPerStep: number; share: number } | null {
    if (this.steps === 0) return null;
    return { usPerStep: (1000 * this.#sampleWaitMs) / this.steps, share: this.#sampleWaitMs / this.#totalMs };
  }

  /** Means over all steps. */
  phaseMs(): PhaseMs | null {
    if (this.steps === 0) return null;
    return Object.fromEntries(PHASE_NAMES.map((name, i) => [name, this.#phases[i] / this.steps])) as unknown as PhaseMs;
  }
}
