// A committed step as the engine reports it, with numbers that a test chooses.
import type { CommittedStep } from '#src/engine/step-records.js';

/** 10 samples, all of which count, in 4 ms, a loss of 2 a sample, half of the answers correct; the phases sum to the step. */
export function committedStep(step: number, keys: Partial<CommittedStep> = {}): CommittedStep {
  return {
    step,
    samples: 10,
    lossNumerator: 20,
    denominator: 10,
    correct: 5,
    lr: 0.1,
    gradNorm: 3,
    isSkipped: false,
    noise: { shards: 0, samples: 0, shardSquares: 0, squares: 0 },
    hashes: null,
    stepMs: 4,
    phaseMs: Float64Array.of(0.25, 1, 2, 0.25, 0.25, 0.125, 0.125, 0),
    sampleWaitMs: 0,
    counted: keys.denominator ?? 10,
    ...keys,
  };
}
