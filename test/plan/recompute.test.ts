// Recomputation against the run that keeps everything: the same bits from less memory.
import { describe, expect, test } from 'vitest';
import { prepareRun } from '#src/experiment/prepare.js';
import { type TrainConfig, verify } from '#src/index.js';
import type { Plan } from '#src/plan/plan.js';
import { smallConfig } from '../experiment/small-config.ts';

const images = { source: 'synthetic', samples: 48, features: [2, 8, 8], classes: 3, batchSize: 24 };
const tokens = { source: 'syntheticTokens', samples: 32, length: 12, vocabulary: 11, batchSize: 16 };
const block = [
  { residual: [{ layerNorm: true }, { attention: 2, causal: true }, { dropout: 0.1 }] },
  { residual: [{ layerNorm: true }, { linear: 32 }, { activation: 'gelu' }, { linear: 8 }] },
];
const rough = [{ dense: 12 }, { layerNorm: true }, { activation: 'gelu' }, { dropout: 0.3 }];

/** Chains, residuals, statistics, dropout, index bytes, shared inputs: what a segment may hold. */
const MODELS: Record<string, Record<string, unknown>> = {
  'dense layers': { model: [...Array.from({ length: 9 }, () => ({ dense: 12, activation: 'tanh' })), { dense: 3 }] },
  'dense layers with dropout and layer norm': { model: [...rough, ...rough, ...rough, { dense: 3 }] },
  'fused convolutions and batch norm': {
    data: images,
    model: [
      { conv: 8, kernel: 3, padding: 'same', activation: 'relu' },
      { maxPool: 2 },
      { conv: 8, kernel: 3, padding: 'same' },
      { batchNorm: true },
      { activation: 'relu' },
      { conv: 4, kernel: 3, padding: 'same' },
      { batchNorm: true },
      { activation: 'relu' },
      { maxPool: 2 },
      { dense: 3 },
    ],
  },
  'transformer blocks': {
    data: tokens,
    model: [
      { embedding: 8 },
      { positionEmbedding: true },
      { repeat: 4, name: 'block', layers: block },
      { layerNorm: true },
      { linear: 11, bias: false },
    ],
  },
};

const configOf = (keys: Record<string, unknown>): TrainConfig => smallConfig({ epochs: undefined, steps: 6, ...keys });
const planOf = (config: TrainConfig): Plan => prepareRun(config, { baseDir: '.' }).plan;

describe.each(Object.entries(MODELS))('%s', (_, keys) => {
  test.each([true, 2, 3])('has the same bits with recompute: %s, though more calls are run', async (recompute) => {
    const [plain, again] = [configOf(keys), configOf({ ...keys, recompute })];
    const { runs: expected } = await verify(plain, { steps: 6, workerCounts: [1] });
    const { runs } = await verify(again, { steps: 6, workerCounts: [2] });
    expect(runs[0].stateSha256).toBe(expected[0].stateSha256);
    const [kept, recomputed] = [planOf(plain), planOf(again)];
    expect(recomputed.rows).toBe(kept.rows);
    expect(recomputed.train.forward).toHaveLength(kept.train.forward.length);
    const more = recomputed.train.backward.length - kept.train.backward.length;
    expect(more).toBeGreaterThan(0);
    // No more than the forward part once again.
    expect(more).toBeLessThan(kept.train.forward.length);
  });
});

test('memory grows as the square root of the depth, not in line with it', () => {
  const bytesOf = (depth: number, recompute?: boolean): number => {
    const model = [...Array.from({ length: depth }, () => ({ dense: 64, activation: 'tanh' })), { dense: 3 }];
    return planOf(configOf({ model, microBatch: 8, recompute })).activationBytes;
  };
  // A tensor is 8 rows of 64: 16 layers keep 16 of them, 144 keep 144; in √n segments of √n layers 4 + 4 and 12 + 12, and some that come and go.
  const tensor = 8 * 64 * 4;
  expect(bytesOf(144) / tensor).toBeGreaterThan(144);
  expect(bytesOf(16, true) / tensor).toBeLessThan(12);
  expect(bytesOf(144, true) / tensor).toBeLessThan(30);
  expect(bytesOf(144, false)).toBe(bytesOf(144));
});

test('false, and a model without a place to cut, is the plan without it', () => {
  const model = [{ dense: 3 }];
  expect(planOf(configOf({ model, recompute: true })).train).toEqual(planOf(configOf({ model })).train);
  const { model: deep } = MODELS['dense layers'];
  expect(planOf(configOf({ model: deep, recompute: false }))).toEqual(planOf(configOf({ model: deep })));
});
