// Committed steps and evaluations → events, metrics.jsonl, results.csv and the figures of the summary. Coordinator.
import type { CommittedStep } from '../engine/step-records.ts';
import type { LossMetric } from '../nn/losses.ts';
import type { EpochEvent, ProgressEvent, StepEvent, TrainEvent } from './events.ts';
import type { MetricsLog } from './metrics-log.ts';
import { NoiseScale } from './noise-scale.ts';
import type { SavedReport } from './progress.schema.ts';
import { EpochStatistics, type LossAndMetric, lossAndMetric, RunStatistics } from './run-statistics.ts';
import { StepWindow } from './step-window.ts';

/** The bar moves ten times a second. */
const PROGRESS_MS = 100;

/** What a report has to know of its run. */
export interface ReportSpec {
  metric: LossMetric;
  stepsPerEpoch: number;
  totalSteps: number;
  everySteps: 'auto' | number;
  /** Whether workers may wait for samples. */
  isStreamed?: boolean;
  /** Whether an evaluation follows when so many steps are done: the epoch's row waits for it then. */
  isEvaluatedAfter: (steps: number) => boolean;
  log: MetricsLog;
  onEvent: (event: TrainEvent | ProgressEvent) => void;
}

/** Tells a run as it goes. */
export class RunReport {
  readonly statistics: RunStatistics;
  readonly noise = new NoiseScale();
  readonly #spec: ReportSpec;
  readonly #window: StepWindow;
  readonly #epoch = new EpochStatistics();
  #epochStartedMs = performance.now();
  /** Of the epoch under way, in an earlier process. */
  #epochMsBefore = 0;
  #progressMs = Number.NEGATIVE_INFINITY;
  #step = 0;
  #lr = 0;
  #rowStep = -1;

  constructor(spec: ReportSpec) {
    this.#spec = spec;
    this.statistics = new RunStatistics(spec.totalSteps);
    this.#window = new StepWindow(spec.everySteps);
  }

  /** Training begins now: the first epoch's time counts from here, or goes on where it stood. */
  begin(): void {
    this.#epochStartedMs = performance.now();
  }

  /** All that was told and counted so far, at the step whose record came last. */
  saved(): SavedReport {
    return {
      step: this.#step,
      lr: this.#lr,
      rowStep: this.#rowStep,
      epochMs: this.#epochMsBefore + performance.now() - this.#epochStartedMs,
      epoch: this.#epoch.saved(),
      statistics: this.statistics.saved(),
      window: this.#window.saved(),
      noise: this.noise.saved(),
    };
  }

  /** Goes on from there, before training begins. */
  restore(saved: SavedReport): void {
    this.#step = saved.step;
    this.#lr = saved.lr;
    this.#rowStep = saved.rowStep;
    this.#epochMsBefore = saved.epochMs;
    this.#epoch.restore(saved.epoch);
    this.statistics.restore(saved.statistics);
    this.#window.restore(saved.window);
    this.noise.restore(saved.noise);
  }

  addStep(record: CommittedStep): void {
    this.#step = record.step + 1;
    this.#lr = record.lr;
    this.#epoch.add(record);
    this.statistics.add(record);
    this.noise.add(record.noise);
    this.#addWindow(this.#window.add(this.#describeStep(record), performance.now()));
    const isEpochOver = this.#step % this.#spec.stepsPerEpoch === 0;
    if (isEpochOver && !this.#spec.isEvaluatedAfter(this.#step)) this.endEpoch();
  }

  /** The row of the epoch that is over, or of the part of one that ends the run; nothing where it was told already. */
  endEpoch(validation?: LossAndMetric, isBest = false): void {
    if (this.#epoch.samples === 0) return;
    const now = performance.now();
    const seconds = (this.#epochMsBefore + now - this.#epochStartedMs) / 1000;
    const event = this.#describeEpoch(seconds, validation, isBest);
    this.statistics.trainLoss = event.trainLoss;
    this.#epochStartedMs = now;
    this.#epochMsBefore = 0;
    this.#rowStep = this.#step;
    this.#epoch.clear();
    this.#spec.log.addEpoch(event);
    this.#spec.onEvent(event);
  }

  /** The steps of a window that is not full. */
  end(): void {
    this.#addWindow(this.#window.flush());
  }

  #addWindow(steps: StepEvent | null): void {
    if (steps === null) return;
    const window = { ...steps, ...this.noise.figures() };
    this.#spec.log.addStep(window);
    this.#spec.onEvent(window);
    const now = performance.now();
    if (now - this.#progressMs < PROGRESS_MS) return;
    this.#progressMs = now;
    const { stepsPerEpoch } = this.#spec;
    const epoch = Math.floor(window.step / stepsPerEpoch);
    const stepInEpoch = window.step + 1 - epoch * stepsPerEpoch;
    const { loss, samplesPerSecond } = window;
    this.#spec.onEvent({ type: 'progress', epoch, stepInEpoch, stepsPerEpoch, loss, samplesPerSecond });
  }

  #describeStep(record: CommittedStep) {
    const [gather, forward, backward, reduce, update, wait, coordinator] = record.phaseMs;
    return {
      step: record.step,
      epoch: Math.floor(record.step / this.#spec.stepsPerEpoch),
      samples: record.samples,
      loss: record.lossNumerator / record.denominator,
      lr: record.lr,
      gradNorm: record.gradNorm,
      stepMs: record.stepMs,
      phases: { gather, forward, backward, reduce, update, wait, coordinator },
      ...(this.#spec.isStreamed && { sampleWaitUs: record.sampleWaitMs * 1000 }),
    };
  }

  #describeEpoch(seconds: number, validation: LossAndMetric | undefined, isBest: boolean): EpochEvent {
    const { metric, stepsPerEpoch } = this.#spec;
    const train = lossAndMetric(metric, this.#epoch);
    const event: EpochEvent = {
      type: 'epoch',
      epoch: Math.ceil(this.#step / stepsPerEpoch),
      step: this.#step,
      trainLoss: train.loss,
      trainMetric: train.metric,
      metric,
      lr: this.#lr,
      samplesPerSecond: (1000 * this.#epoch.samples) / this.#epoch.stepMs,
      stepMs: this.#epoch.durations.quantiles(0.5)?.[0] ?? 0,
      seconds,
      isBest,
    };
    if (validation === undefined) return event;
    return {
      ...event,
      validationLoss: validation.loss,
      validationMetric: validation.metric,
      ...(validation.values && { validationMetrics: validation.values }),
    };
  }
}
