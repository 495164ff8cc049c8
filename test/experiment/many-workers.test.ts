// 16 and 64 workers, far more than this machine may have cores: they cannot show speed, but their bits are those of one worker.
import { describe, expect, test } from 'vitest';
import { verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

/** As many shards as workers at most, batch norm (statistics), clipping (the NORM phase) and an average: every kind of range there is. */
const CONFIG = smallConfig({
  shards: 64,
  data: { source: 'synthetic', samples: 350, features: 12, classes: 3, batchSize: 140, validation: 0.1, test: 0.1 },
  model: [{ dense: 16 }, { batchNorm: true }, { activation: 'relu' }, { dropout: 0.1 }, { dense: 3 }],
  clip: { norm: 0.5 },
  averaging: { ema: 0.9 },
  epochs: 4,
});

describe('with 64 shards', () => {
  // A thread takes some tens of ms to start, and two cores start 81 of them.
  test('1, 16 and 64 workers end with the same weights and state', { timeout: 180_000 }, async () => {
    const { isSame, runs } = await verify(CONFIG, { steps: 7, workerCounts: [1, 16, 64] });
    expect(runs.map(({ workers, steps }) => [workers, steps])).toEqual([
      [1, 7],
      [16, 7],
      [64, 7],
    ]);
    expect(isSame, JSON.stringify(runs)).toBe(true);
    expect(new Set(runs.map(({ loss }) => loss)).size).toBe(1);
  });
});
