// The losses that `weightedLoss` can weigh samples of, by the numbers that its kernel knows them by; any thread.

/**
 * Settings a, b, c of each: cross-entropy with class weights, smoothing and ignored label; log-likelihood with class weights and ignored
 * label; absolute error with threshold, quadratic and slope; logistic loss with weights of 1 and whether targets are labels.
 */
export const WEIGHTED_LOSSES = [
  'softmaxCrossEntropy',
  'weightedCrossEntropy',
  'negativeLogLikelihood',
  'meanSquaredError',
  'absoluteError',
  'logisticLoss',
  'klDivergence',
] as const;

/** Bytes of scratch memory: the sums of one sample. */
export const WEIGHTED_LOSS_SCRATCH_BYTES = 32;
