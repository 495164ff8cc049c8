// All kernels on images as the plainest loops; any thread.
import type { IMAGE_KERNEL_NAMES } from '../image-kernel-names.ts';
import { convolutionKernels } from './convolution.ts';
import { imageSumKernels } from './image-sums.ts';
import { pooledConvolutionKernels } from './pooled-convolution.ts';
import { poolingKernels } from './pooling.ts';
import { upsamplingKernels } from './upsampling.ts';
import type { Kernels, Views } from './views.ts';

/** The kernels on images over `views`. */
export function imageKernels(views: Views): Kernels<(typeof IMAGE_KERNEL_NAMES)[number]> {
  return {
    ...convolutionKernels(views),
    ...imageSumKernels(views),
    ...pooledConvolutionKernels(views),
    ...poolingKernels(views),
    ...upsamplingKernels(views),
  };
}
