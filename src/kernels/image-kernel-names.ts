// The kernels that work on images, by name; any thread.

/** Part of KERNEL_NAMES; the order is that of the sources in assembly/. */
export const IMAGE_KERNEL_NAMES = [
  'conv2d',
  'conv2dInput',
  'conv2dWeight',
  'channelSum',
  'planeMean',
  'maxPool2d',
  'maxPool2dBackward',
  'avgPool2d',
  'avgPool2dBackward',
  'convReluPool',
  'convReluPoolInput',
  'convReluPoolWeight',
  'convReluPoolBias',
  'upsampleNearest',
  'upsampleNearestBackward',
  'upsampleBilinear',
  'upsampleBilinearBackward',
] as const;
