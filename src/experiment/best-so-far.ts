// Figures of a run's evaluations → which was the best, and whether the run has waited long enough for a better one. Pure.
import type { TrainConfig } from '../config/train-config.ts';
import { watchedFigure } from './evaluate-part.ts';
import type { BestEpoch } from './events.ts';
import type { LossAndMetric } from './run-statistics.ts';

/** What a checkpoint keeps of it. */
export interface SavedBest {
  validation: LossAndMetric | null;
  best: BestEpoch | null;
  evaluationsSinceBest: number;
}

/** The last evaluation of the validation part, and the best one, by `evaluation.metric`. */
export class BestSoFar {
  readonly #config: TrainConfig;
  #validation: LossAndMetric | undefined;
  #best: BestEpoch | undefined;
  #evaluationsSinceBest = 0;

  constructor(config: TrainConfig) {
    this.#config = config;
  }

  saved(): SavedBest {
    return {
      validation: this.#validation ?? null,
      best: this.#best ?? null,
      evaluationsSinceBest: this.#evaluationsSinceBest,
    };
  }

  restore({ validation, best, evaluationsSinceBest }: SavedBest): void {
    this.#validation = validation ?? undefined;
    this.#best = best ?? undefined;
    this.#evaluationsSinceBest = evaluationsSinceBest;
  }

  /** The figures of the last evaluation. */
  get validation(): LossAndMetric | undefined {
    return this.#validation;
  }

  get best(): BestEpoch | undefined {
    return this.#best;
  }

  /** The figure of the last evaluation that `evaluation.metric` names; null before the first. */
  get watched(): number | null {
    return this.#validation === undefined ? null : watchedFigure(this.#config, this.#validation);
  }

  /** Whether these figures of the validation part are better than the best, by more than `evaluation.minDelta`. */
  isBetter(validation: LossAndMetric): boolean {
    if (this.#best === undefined) return true;
    const metric = watchedFigure(this.#config, validation);
    // An area under a curve of one class alone is no number.
    if (Number.isNaN(this.#best.metric)) return !Number.isNaN(metric);
    const { mode, minDelta } = this.#config.evaluation;
    return mode === 'max' ? metric > this.#best.metric + minDelta : metric < this.#best.metric - minDelta;
  }

  /** The validation part was evaluated at the end of `epoch`. */
  add(epoch: number, validation: LossAndMetric): void {
    const isBest = this.isBetter(validation);
    this.#validation = validation;
    this.#evaluationsSinceBest = isBest ? 0 : this.#evaluationsSinceBest + 1;
    if (!isBest) return;
    const { metric: name } = this.#config.evaluation;
    const metricName = name === 'loss' || name === 'accuracy' ? {} : { metricName: name };
    const metric = watchedFigure(this.#config, validation);
    this.#best = { epoch, validationLoss: validation.loss, metric, ...metricName };
  }

  /** The test part was evaluated with the best weights. */
  addTest({ loss, metric, values }: LossAndMetric, isAccuracy: boolean): void {
    if (this.#best === undefined) return;
    this.#best.testLoss = loss;
    if (values !== undefined) this.#best.testMetrics = values;
    if (isAccuracy) this.#best.testAccuracy = metric;
  }

  /** Whether `evaluation.patience` is at its end. */
  get isOutOfPatience(): boolean {
    const { patience } = this.#config.evaluation;
    return patience !== undefined && this.#evaluationsSinceBest >= patience;
  }

  /** Why a run ends by that; one line. */
  describePatience(): string {
    const { patience, metric } = this.#config.evaluation;
    const waited = `${patience} evaluation${patience === 1 ? '' : 's'}`;
    return `ended early after ${waited} without a better ${metric} than epoch ${this.#best?.epoch}'s: evaluation.patience=${patience} says so; raise it, or remove it to train on`;
  }
}
