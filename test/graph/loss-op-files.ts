// The files of losses in src/graph/ops whose cases stand in loss-ops.test.ts, not in the op table.

export const LOSS_OP_FILES = [
  'absolute-error',
  'kl-divergence',
  'logistic-loss',
  'negative-log-likelihood',
  'weighted-cross-entropy',
];
