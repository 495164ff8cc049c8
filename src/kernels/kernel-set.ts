// The names and call signature that every backend's kernels share; any thread.
import { ELEMENTARY_KERNEL_NAMES } from './elementary-kernels.ts';
import { IMAGE_KERNEL_NAMES } from './image-kernel-names.ts';
import { NORMALIZATION_KERNEL_NAMES } from './normalization-kernel-names.ts';

/** A numeric routine on byte addresses in the shared memory; 0 or undefined where it has no result. */
export type Kernel = (...args: number[]) => number;

/** The optimizers beside sgd and adam, and what clipping by value, checking, averaging and the ledger need. */
const OPTIMIZER_KERNELS = [
  'amsgrad',
  'nadam',
  'radam',
  'lamb',
  'rmsprop',
  'adagrad',
  'lion',
  'clampSquareSum',
  'countNotFinite',
  'movingAverage',
  'positionHash',
] as const;

/** What training does to samples that it has gathered, the loss of mixtures, and what stands behind both. */
const AUGMENTATION_KERNELS = [
  'augmentFlip',
  'augmentShift',
  'augmentTurn',
  'augmentCutout',
  'augmentNoise',
  'augmentTone',
  'mixPartners',
  'mixShares',
  'mixRows',
  'mixedCrossEntropy',
  'standardizeChannels',
] as const;

/** Every kernel; the order is that of the sources in assembly/. */
export const KERNEL_NAMES = [
  'gemm',
  'biasActivation',
  'copy',
  'fill',
  'accumulate',
  'add',
  'sub',
  'mul',
  'div',
  'scale',
  'addScalar',
  'negate',
  'square',
  'sqrt',
  'relu',
  'reluBackward',
  'tanhBackward',
  'sigmoidBackward',
  'exp',
  'log',
  'tanh',
  'sigmoid',
  'softmaxCrossEntropy',
  'meanSquaredError',
  'gatherBytes',
  'gatherFloats',
  'gatherByteLabels',
  'gatherIntLabels',
  'copyStrided',
  'sumStrided',
  'sumRows',
  'treeSum',
  'scaleSquareSum',
  'squareSum',
  'sgd',
  'adam',
  ...OPTIMIZER_KERNELS,
  'uniform',
  'gatherLabelRows',
  'weightedCrossEntropy',
  'negativeLogLikelihood',
  'absoluteError',
  'logisticLoss',
  'klDivergence',
  'weightedLoss',
  ...ELEMENTARY_KERNEL_NAMES,
  ...NORMALIZATION_KERNEL_NAMES,
  ...IMAGE_KERNEL_NAMES,
  'topScores',
  'confusionCounts',
  'regressionSums',
  'logProbabilities',
  ...AUGMENTATION_KERNELS,
] as const;

/** The name of a kernel: the export of the wasm modules, the key of a set, the word in a plan. */
export type KernelName = (typeof KERNEL_NAMES)[number];

/** A full set of kernels over one memory. */
export interface KernelSet {
  /** The identity that a run stores: two sets of one identity give the same bits. */
  readonly backend: string;
  readonly kernels: Readonly<Record<KernelName, Kernel>>;
}
