// The gradient noise scale against brute force: every sample's own gradient in float64, at weights that do not move.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPool } from '#src/engine/pool.js';
import type { NoiseSums } from '#src/engine/step-records.js';
import type { StepEvent } from '#src/experiment/events.js';
import { adviseBatch, estimateNoise, NoiseScale } from '#src/experiment/noise-scale.js';
import { type PreparedRun, prepareRun } from '#src/experiment/prepare.js';
import { openSession } from '#src/experiment/session.js';
import { train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const [SAMPLES, FEATURES] = [480, 6];

/** A line through noise, at a rate of 0: all steps see the same weights. */
const resting = (keys: Record<string, unknown> = {}) =>
  smallConfig({
    data: { source: 'synthetic', samples: SAMPLES, features: FEATURES, outputs: 1, noise: 2, batchSize: 60 },
    model: [{ dense: 1 }],
    loss: 'mse',
    optimizer: { name: 'sgd', lr: 0 },
    shards: 8,
    logging: { noiseScaleSteps: 1 },
    ...keys,
  });

async function sumsOfSteps(
  config: ReturnType<typeof resting>,
): Promise<{ run: PreparedRun; sums: NoiseSums[]; weights: Float32Array }> {
  const pool = createPool(2);
  try {
    const run = prepareRun(config, { baseDir: '.' });
    const sums: NoiseSums[] = [];
    const session = openSession(run, { pool, onStep: ({ noise }) => sums.push({ ...noise }) });
    await session.engine.start();
    await session.engine.runTo(run.totalSteps);
    const weights = session.engine.committed(0).slice();
    await session.engine.stop();
    return { run, sums, weights };
  } finally {
    await pool.destroy();
  }
}

/** tr(Σ), with n − 1 as its divisor, and |𝒢|² of (y − w·x − b)² over all samples. */
function bruteForce(
  { dataset, plan }: PreparedRun,
  weights: Float32Array,
): { gradVariance: number; gradSquared: number } {
  const [x, y] = [new Float32Array(SAMPLES * FEATURES), new Float32Array(SAMPLES)];
  dataset.fill(x, y);
  const place = (name: string): number => plan.parameters.find((one) => one.name === name)!.elementOffset;
  const [w, b] = [place('dense1.weight'), place('dense1.bias')];
  const gradients = Array.from({ length: SAMPLES }, (_, i) => {
    const row = [...x.subarray(i * FEATURES, (i + 1) * FEATURES), 1];
    const error = row.reduce((sum, value, k) => sum + value * weights[k < FEATURES ? w + k : b], 0) - y[i];
    return row.map((value) => 2 * error * value);
  });
  const mean = gradients[0].map((_, k) => gradients.reduce((sum, gradient) => sum + gradient[k], 0) / SAMPLES);
  const squares = gradients.flatMap((gradient) => gradient.map((value, k) => (value - mean[k]) ** 2));
  return {
    gradVariance: squares.reduce((a, b) => a + b) / (SAMPLES - 1),
    gradSquared: mean.reduce((sum, value) => sum + value * value, 0),
  };
}

const meanOf = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;

describe('the estimates', () => {
  test('are on average what brute force gives, with shards of unequal counts', async () => {
    // 60 samples in 8 shards: 8 or 7 each.
    const { run, sums, weights } = await sumsOfSteps(resting({ epochs: 250 }));
    expect(sums.length).toBe(2000);
    const estimates = sums.map(estimateNoise);
    const exact = bruteForce(run, weights);
    const variance = meanOf(estimates.map(({ gradVariance }) => gradVariance));
    const squared = meanOf(estimates.map(({ gradSquared }) => gradSquared));
    // 2,000 steps of 7 degrees of freedom: about 1 % of noise; the batches of an epoch are drawn without replacement, which lowers |𝒢|² by tr(Σ) / n.
    expect(variance / exact.gradVariance).toBeCloseTo(1, 1.5);
    expect(squared / (exact.gradSquared - exact.gradVariance / SAMPLES)).toBeCloseTo(1, 1.5);
    // And it is no trivial case: neither the noise nor the gradient is all.
    expect(exact.gradVariance / exact.gradSquared).toBeGreaterThan(1);
  });

  test('of equal counts are equations A.2 and A.3 of the paper', () => {
    // 4 shards of 8: |G_small|² is the mean of the shards' squares.
    const [small, big] = [5, 2];
    const sums = { shards: 4, samples: 32, shardSquares: 32 * small, squares: big };
    const { gradVariance, gradSquared } = estimateNoise(sums);
    expect(gradVariance).toBeCloseTo((small - big) / (1 / 8 - 1 / 32), 12);
    expect(gradSquared).toBeCloseTo((32 * big - 8 * small) / (32 - 8), 12);
  });
});

describe('NoiseScale', () => {
  const sums = (variance: number, squared: number): NoiseSums => {
    const squares = squared + variance / 32;
    return { shards: 4, samples: 32, shardSquares: 3 * variance + 32 * squares, squares };
  };

  test('divides smoothed numbers, and takes nothing from steps without an estimate', () => {
    const noise = new NoiseScale();
    expect(noise.figures()).toBeUndefined();
    noise.add({ ...sums(1, 1), shards: 0 });
    noise.add({ ...sums(1, 1), squares: Number.NaN });
    expect(noise.figures()).toBeUndefined();
    noise.add(sums(300, 1));
    expect(noise.figures()?.noiseScale).toBeCloseTo(300, 9);
    noise.add(sums(100, 3));
    // The mean of both, the later one weighted 1 : 0.95.
    const { gradVariance, gradSquared, noiseScale, noiseEstimates } = noise.figures()!;
    expect(gradVariance).toBeCloseTo((0.95 * 300 + 100) / 1.95, 9);
    expect(gradSquared).toBeCloseTo((0.95 * 1 + 3) / 1.95, 9);
    expect(noiseScale).toBeCloseTo(gradVariance / gradSquared, 12);
    expect(noiseEstimates).toBe(2);
    expect(noise.conclude(32)).toBeUndefined();
  });

  test('knows no scale where the common gradient is not told from 0', () => {
    const noise = new NoiseScale();
    for (let i = 0; i < 4; i++) noise.add(sums(100, -1));
    expect(noise.conclude(512)).toMatchObject({ noiseScale: null, noiseEstimates: 4 });
    expect(noise.conclude(512)?.advice).toMatch(/^batch 512 is far below the critical batch: /);
  });
});

test.each([
  // (1 + 5120/1024) / (1 + 5120/512) = 6/11.
  [
    5120,
    512,
    'batch 512 is far below the critical batch of about 5,100: more workers with a larger batch would help (twice the batch: about 55 % of the steps)',
  ],
  [600, 512, 'batch 512 is near the critical batch of about 600: it trades samples for steps about evenly'],
  // (1 + 1024/20) / (1 + 1024/10) = 52.2/103.4.
  [
    10,
    1024,
    'batch 1,024 is far above the critical batch of about 10: a smaller batch would need fewer samples (half of it: about 50 % of them)',
  ],
])('a noise scale of %s at batch %s is advice in words', (scale, batchSize, advice) => {
  expect(adviseBatch(scale, batchSize)).toBe(advice);
});

describe('a run', () => {
  async function runWith(noiseScaleSteps: number, workers = 2) {
    const steps: StepEvent[] = [];
    const config = smallConfig({ workers, steps: 20, epochs: undefined, logging: { everySteps: 5, noiseScaleSteps } });
    const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-noise-'));
    const { summary, runFolder } = await train(config, {
      runsDir,
      onEvent: (event) => event.type === 'step' && steps.push(event),
    });
    const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
    return { summary, steps, last: JSON.parse(lines[lines.length - 1]) };
  }

  test('has the same bits with and without, and the same estimates for any number of workers', async () => {
    const [with2, with3, without] = [await runWith(4, 2), await runWith(4, 3), await runWith(0)];
    expect(with2.summary.stateSha256).toBe(without.summary.stateSha256);
    expect(with2.summary.configSha256).toBe(without.summary.configSha256);
    expect(with3.summary.noise).toEqual(with2.summary.noise);
    expect(with2.summary.noise?.noiseEstimates).toBe(5);
    const { noiseScale, gradVariance, gradSquared, noiseEstimates } = with2.last;
    expect({ noiseScale, gradVariance, gradSquared, noiseEstimates, advice: with2.summary.noise?.advice }).toEqual(
      with2.summary.noise,
    );
    expect(without.summary).not.toHaveProperty('noise');
    expect(without.last).not.toHaveProperty('noiseScale');
  });
});
