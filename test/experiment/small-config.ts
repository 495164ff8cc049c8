// Small configs for tests that train: the synthetic source, so that a run takes milliseconds.
import { parseConfig, type TrainConfig } from '#src/index.js';

/** A resolved config with these keys on top of a small classification. */
export function smallConfig(keys: Record<string, unknown> = {}): TrainConfig {
  return parseConfig({
    name: 'small',
    data: { source: 'synthetic', samples: 300, features: 12, classes: 3, batchSize: 32, validation: 0.1, test: 0.1 },
    shards: 4,
    workers: 2,
    numerics: 'portable',
    model: [{ dense: 16, activation: 'relu' }, { dense: 3 }],
    loss: 'crossEntropy',
    optimizer: { name: 'adam', lr: 0.01 },
    epochs: 3,
    ...keys,
  });
}
