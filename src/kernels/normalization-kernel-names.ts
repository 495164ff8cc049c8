// The names of the kernels that normalise, attend and drop; any thread.

/** Part of `KERNEL_NAMES`. */
export const NORMALIZATION_KERNEL_NAMES = [
  'layerNorm',
  'layerNormBackward',
  'layerNormWeightGradient',
  'selfAttention',
  'selfAttentionBackward',
  'groupNorm',
  'groupNormBackward',
  'groupNormWeightGradient',
  'batchMoments',
  'batchNorm',
  'batchNormSums',
  'batchNormBackward',
  'batchNormInferenceBackward',
  'pickRow',
  'unbiasedVariance',
  'dropout',
] as const;
