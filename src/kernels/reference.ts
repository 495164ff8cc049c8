// A shared memory → all kernels as the plainest loops: the oracle that the fast backends are tested against; any thread.
//
// Every sum has the order that the fast kernels document, and every f32 operation is rounded by Math.fround, so that the
// portable build gives the same bits wherever no transcendental function is in play.
import type { KernelSet } from './kernel-set.ts';
import { activationKernels } from './reference/activations.ts';
import { attentionKernels } from './reference/attention.ts';
import { augmentGeometryKernels } from './reference/augment-geometry.ts';
import { augmentMixKernels } from './reference/augment-mix.ts';
import { augmentValuesKernels } from './reference/augment-values.ts';
import { batchNormKernels } from './reference/batch-norm.ts';
import { batchedGemmKernels } from './reference/batched-gemm.ts';
import { biasActivationKernels } from './reference/bias-activation.ts';
import { clipAverageKernels } from './reference/clip-average.ts';
import { dropoutKernels } from './reference/dropout.ts';
import { elementwiseKernels } from './reference/elementwise.ts';
import { extremeKernels } from './reference/extremes.ts';
import { gatherKernels } from './reference/gather.ts';
import { gemmKernels } from './reference/gemm.ts';
import { groupNormKernels } from './reference/group-norm.ts';
import { imageKernels } from './reference/images.ts';
import { labelLossKernels } from './reference/label-losses.ts';
import { layerNormKernels } from './reference/layer-norm.ts';
import { lossKernels } from './reference/losses.ts';
import { metricKernels } from './reference/metrics.ts';
import { oneMomentOptimizers } from './reference/one-moment-optimizers.ts';
import { optimizerKernels } from './reference/optimizers.ts';
import { piecewiseKernels } from './reference/piecewise.ts';
import { positionHashKernels } from './reference/position-hash.ts';
import { powerKernels } from './reference/power.ts';
import { reduceKernels } from './reference/reduce.ts';
import { softmaxKernels } from './reference/softmax.ts';
import { stridedKernels } from './reference/strided.ts';
import { twoMomentOptimizers } from './reference/two-moment-optimizers.ts';
import { valueLossKernels } from './reference/value-losses.ts';
import { viewKernels } from './reference/view-copies.ts';
import { viewMemory } from './reference/views.ts';

/** The oracle over `memory`, which must not grow. Byte addresses are multiples of the element's size. */
export function referenceKernels(memory: WebAssembly.Memory): KernelSet {
  const views = viewMemory(memory);
  return {
    backend: 'reference',
    kernels: {
      ...gemmKernels(views),
      ...biasActivationKernels(views),
      ...elementwiseKernels(views),
      ...gatherKernels(views),
      ...augmentGeometryKernels(views),
      ...augmentValuesKernels(views),
      ...augmentMixKernels(views),
      ...imageKernels(views),
      ...lossKernels(views),
      ...labelLossKernels(views),
      ...valueLossKernels(views),
      ...metricKernels(views),
      ...optimizerKernels(views),
      ...oneMomentOptimizers(views),
      ...twoMomentOptimizers(views),
      ...clipAverageKernels(views),
      ...positionHashKernels(views),
      ...reduceKernels(views),
      ...stridedKernels(views),
      ...activationKernels(views),
      ...piecewiseKernels(views),
      ...powerKernels(views),
      ...softmaxKernels(views),
      ...viewKernels(views),
      ...layerNormKernels(views),
      ...attentionKernels(views),
      ...batchedGemmKernels(views),
      ...extremeKernels(views),
      ...groupNormKernels(views),
      ...batchNormKernels(views),
      ...dropoutKernels(views),
    },
  };
}
