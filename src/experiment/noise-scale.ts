// Sums of squares of shard gradients, step by step → the gradient noise scale, and what it means for the global batch. Coordinator; pure.
//
// McCandlish, Kaplan, Amodei 2018, "An Empirical Model of Large-Batch Training", arXiv:1812.06162, appendix A.1. The gradient of a batch of
// B samples has E|G_B|² = |𝒢|² + tr(Σ)/B; two sizes of B, here a shard's and the global batch's, give both unknowns without bias (A.2, A.3).
// Our form takes shards of unequal counts n_v: with m_v the mean gradient of shard v, V shards and N = Σ n_v samples,
//   tr(Σ) = (Σ n_v |m_v|² − N |G|²) / (V − 1)   and   |𝒢|² = |G|² − tr(Σ)/N,
// which for equal counts is A.2 and A.3. A ratio of noisy numbers is biased: each is smoothed by itself, as the paper does, then divided.
// A sample is what the global batch counts (a sequence, an image); with weights or ignored labels, which make d_v ≠ n_v, it is an approximation.
import type { NoiseSums } from '../engine/step-records.ts';
import type { NoiseFigures } from './events.ts';
import type { SavedNoise } from './progress.schema.ts';

/** Costs less than 1 % of a step in the workloads of bench/workloads (docs/performance.md). */
const AUTO_STEPS = 32;
/** The share of the average that an estimate leaves; about 20 estimates count. */
const DECAY = 0.95;
/** Fewer estimates say nothing worth reading at the end. */
const LEAST_ESTIMATES = 4;
/** A batch within this factor of the noise scale is near it: beyond, more than 4/5 of what one side can gain is gained. */
const NEAR = 4;

/** What `logging.noiseScaleSteps` means: 0 is never. */
export function resolveNoiseScaleSteps(steps: 'auto' | number): number {
  return steps === 'auto' ? AUTO_STEPS : steps;
}

/** One step's estimates, each without bias and each very noisy. */
export function estimateNoise({ shards, samples, shardSquares, squares }: NoiseSums): {
  gradVariance: number;
  gradSquared: number;
} {
  const gradVariance = (shardSquares - samples * squares) / (shards - 1);
  return { gradVariance, gradSquared: squares - gradVariance / samples };
}

/** The smoothed noise scale of a run. */
export class NoiseScale {
  #variance = 0;
  #squared = 0;
  /** Σ of the weights: below 1 while there are few estimates. */
  #weight = 0;
  #estimates = 0;

  /** Takes a step's sums where it has some that are numbers. */
  add(sums: NoiseSums): void {
    if (sums.shards < 2) return;
    const { gradVariance, gradSquared } = estimateNoise(sums);
    if (!Number.isFinite(gradVariance) || !Number.isFinite(gradSquared)) return;
    this.#variance = DECAY * this.#variance + (1 - DECAY) * gradVariance;
    this.#squared = DECAY * this.#squared + (1 - DECAY) * gradSquared;
    this.#weight = DECAY * this.#weight + (1 - DECAY);
    this.#estimates++;
  }

  saved(): SavedNoise {
    return { variance: this.#variance, squared: this.#squared, weight: this.#weight, estimates: this.#estimates };
  }

  /** Goes on from there. */
  restore({ variance, squared, weight, estimates }: SavedNoise): void {
    this.#variance = variance;
    this.#squared = squared;
    this.#weight = weight;
    this.#estimates = estimates;
  }

  /** Undefined before the first estimate. */
  figures(): NoiseFigures | undefined {
    if (this.#estimates === 0) return undefined;
    const gradVariance = this.#variance / this.#weight;
    const gradSquared = this.#squared / this.#weight;
    const isKnown = gradSquared > 0 && gradVariance >= 0;
    return {
      noiseScale: isKnown ? gradVariance / gradSquared : null,
      gradVariance,
      gradSquared,
      noiseEstimates: this.#estimates,
    };
  }

  /** The figures with advice for a global batch of `batchSize` samples; undefined where there are too few estimates. */
  conclude(batchSize: number): (NoiseFigures & { advice: string }) | undefined {
    const figures = this.figures();
    if (figures === undefined || figures.noiseEstimates < LEAST_ESTIMATES) return undefined;
    return { ...figures, advice: adviseBatch(figures.noiseScale, batchSize) };
  }
}

/**
 * What a person may do. Steps to a given loss go as 1 + B_noise / B and samples as 1 + B / B_noise (the paper's equation 2.11 solved for each),
 * where the critical batch is about the noise scale.
 */
export function adviseBatch(noiseScale: number | null, batchSize: number): string {
  const batch = `batch ${grouped(batchSize)}`;
  if (noiseScale === null) {
    return `${batch} is far below the critical batch: the common gradient is not told from the noise; more workers with a larger batch would help`;
  }
  const critical = `the critical batch of about ${grouped(twoDigits(noiseScale))}`;
  if (noiseScale > NEAR * batchSize) {
    const share = (1 + noiseScale / (2 * batchSize)) / (1 + noiseScale / batchSize);
    return `${batch} is far below ${critical}: more workers with a larger batch would help (twice the batch: about ${Math.floor(100 * share + 0.5)} % of the steps)`;
  }
  if (noiseScale * NEAR >= batchSize) return `${batch} is near ${critical}: it trades samples for steps about evenly`;
  const share = (1 + batchSize / (2 * noiseScale)) / (1 + batchSize / noiseScale);
  return `${batch} is far above ${critical}: a smaller batch would need fewer samples (half of it: about ${Math.floor(100 * share + 0.5)} % of them)`;
}

/** The scale is an order of magnitude, not a figure. */
function twoDigits(value: number): number {
  return value >= 1 ? Number(value.toPrecision(2)) : 1;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
