// The files in src/graph/ops whose cases do not stand in the op table: losses (loss-ops.test.ts), sums of metrics (test/experiment/metrics.test.ts).

export const LOSS_OP_FILES = [
  'absolute-error',
  'evaluation-sums',
  'kl-divergence',
  'logistic-loss',
  'mixed-cross-entropy',
  'negative-log-likelihood',
  'weighted-cross-entropy',
];
