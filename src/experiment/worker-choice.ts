// Durations of a run's first steps with different numbers of workers → how many shall train the rest. Coordinator; pure.
//
// The steps are the training's own: how many workers compute them changes no bit, so nothing is thrown away, and what a measurement
// costs is only that some steps ran with fewer workers than would have been best.

/** The mean step of the best stretch with so many workers. */
export interface WorkerMeasurement {
  workers: number;
  stepMs: number;
}

/** The next steps to train, and with how many workers. */
export interface Stretch {
  workers: number;
  steps: number;
}

// A process that has just begun compiles its code again, faster, and writes its first checkpoint, on the cores that more workers would
// use: measured within the first 100 ms, one worker won over two that were 1.6 times as fast from then on.
const MOST_WARM_UP_MS = 600;
const LEAST_WARM_UP_MS = 60;
const WARM_UP_SHARE = 0.1;
const FIRST_STEPS = 10;
const ROUNDS = 5;
/** A measurement takes at most so long, and at most this share of the run; runs too short for that may spend LEAST_BUDGET_MS. */
const MOST_BUDGET_MS = 300;
const BUDGET_SHARE = 0.02;
const LEAST_BUDGET_MS = 20;
/** Longer stretches tell nothing more: machines change their speed by the half-second. */
const MOST_STRETCH_MS = 20;
/** More workers have to be better by this much: what is smaller is noise, and an idle core is of use to others. */
const LEAST_GAIN = 0.03;

/** 1, 2, 4, … and `most`. */
export function candidateCounts(most: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < most; count *= 2) counts.push(count);
  return [...counts, most];
}

/** The smallest count that is as good as the best, but for what is smaller than noise. */
export function bestCount(measured: readonly WorkerMeasurement[]): number {
  const least = Math.min(...measured.map(({ stepMs }) => stepMs));
  const good = measured.filter(({ stepMs }) => stepMs * (1 - LEAST_GAIN) <= least);
  return Math.min(...good.map(({ workers }) => workers));
}

/** Asked before each stretch of steps what it shall be, told what came of it, until it has chosen. */
export class WorkerChoice {
  /** How many workers train from here on; undefined while it is not known. */
  chosen: number | undefined;
  /** Without measurement: why. */
  reason: string | undefined;
  readonly most: number;
  readonly #totalSteps: number;
  readonly #counts: readonly number[];
  readonly #figures = new Map<number, number[]>();
  readonly #queue: Stretch[] = [];
  #current: Stretch | undefined;
  #stepMs: number[] = [];
  #warmMs = 0;
  #warmUp = FIRST_STEPS;

  constructor(most: number, totalSteps: number) {
    this.most = most;
    this.#totalSteps = totalSteps;
    this.#counts = candidateCounts(most);
    if (most === 1) this.chosen = 1;
  }

  /** The stretch to train now; it may be cut short by a pause. Undefined when it is chosen. */
  next(): Stretch | undefined {
    if (this.chosen !== undefined) return undefined;
    this.#current ??= this.#queue.shift() ?? { workers: this.most, steps: this.#warmUp };
    return this.#current;
  }

  /** A step of the stretch is committed. */
  addStep(stepMs: number): void {
    if (this.#current !== undefined) this.#stepMs.push(stepMs);
  }

  /** The stretch is over. */
  endStretch(): void {
    if (this.#current === undefined || this.#stepMs.length === 0) return;
    const { workers } = this.#current;
    const figure = meanMs(this.#stepMs);
    if (this.#isWarmingUp) this.#endWarmUp(figure);
    else this.#figures.set(workers, [...(this.#figures.get(workers) ?? []), figure]);
    this.#current = undefined;
    this.#stepMs = [];
    if (!this.#isWarmingUp && this.#queue.length === 0 && this.chosen === undefined)
      this.chosen = bestCount(this.measured);
  }

  /** What was measured so far. */
  get measured(): WorkerMeasurement[] {
    return this.#counts
      .filter((workers) => this.#figures.has(workers))
      .map((workers) => ({ workers, stepMs: Math.min(...this.#figures.get(workers)!) }));
  }

  get #isWarmingUp(): boolean {
    return this.#figures.size === 0 && this.#queue.length === 0;
  }

  #endWarmUp(stepMs: number): void {
    this.#warmMs += this.#stepMs.reduce((sum, ms) => sum + ms, 0);
    this.#warmUp *= 2;
    const shareMs = WARM_UP_SHARE * this.#totalSteps * stepMs;
    if (this.#warmMs >= Math.min(MOST_WARM_UP_MS, Math.max(LEAST_WARM_UP_MS, shareMs))) this.#planRounds(stepMs);
  }

  /** Every count once a round, every other round backwards: what changes in the machine meanwhile meets all of them. */
  #planRounds(stepMs: number): void {
    // With n workers a step takes at most most/n times as long.
    const cost = ROUNDS * this.#counts.reduce((sum, count) => sum + this.most / count, 0);
    const shareMs = BUDGET_SHARE * this.#totalSteps * stepMs;
    const budgetMs = Math.min(MOST_BUDGET_MS, Math.max(LEAST_BUDGET_MS, shareMs));
    const steps = Math.floor(Math.min(MOST_STRETCH_MS, budgetMs / cost) / stepMs);
    const isAffordable = cost * stepMs <= budgetMs;
    if (!isAffordable) {
      this.chosen = this.most;
      this.reason = cost * stepMs > MOST_BUDGET_MS ? 'steps are too long' : 'the run is too short';
      return;
    }
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? this.#counts : [...this.#counts].reverse();
      this.#queue.push(...order.map((workers) => ({ workers, steps: Math.max(1, steps) })));
    }
  }
}

/**
 * The mean, as that is what a run has of it. The first step of a stretch holds the workers' waking up, the last one's end is measured
 * another way. Of a count's stretches the best one counts: another program's burst on one core meets many workers more than one,
 * and lasts longer than a stretch; a load that stays meets all of them.
 */
function meanMs(stepMs: readonly number[]): number {
  const steps = stepMs.length < 3 ? stepMs : stepMs.slice(1, -1);
  return steps.reduce((sum, ms) => sum + ms, 0) / steps.length;
}
