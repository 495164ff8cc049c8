// The table of convolutions that kernels are tested on: names, shapes, and the output's size by the formula of PyTorch's Conv2d.
import type { ConvolutionShape } from '#src/kernels/convolution-meta.js';

type Pair = [number, number];

/** What of a shape is given; the rest is 1 or 0. */
export type PartialShape = { size: Pair; kernel: Pair } & Partial<ConvolutionShape>;

/** A shape with its output's size. */
export function shapeOf(part: PartialShape): ConvolutionShape {
  const ones: Pair = [1, 1];
  const full = {
    channels: 2,
    outChannels: 3,
    stride: ones,
    padding: [0, 0] as Pair,
    dilation: ones,
    groups: 1,
    ...part,
  };
  const outSize = [0, 1].map((axis) => {
    const seen = full.dilation[axis] * (full.kernel[axis] - 1) + 1;
    return Math.floor((full.size[axis] + 2 * full.padding[axis] - seen) / full.stride[axis]) + 1;
  }) as Pair;
  return { outSize, ...full };
}

/** Every way through the kernels: several images at once or positions in parts, blocks of sums, groups, channel by channel. */
export const SHAPES: [string, ConvolutionShape][] = (
  [
    ['one pixel', { size: [1, 1], kernel: [1, 1], channels: 1, outChannels: 1 }],
    ['3x3 on 5x4', { size: [5, 4], kernel: [3, 3] }],
    ['3x3 with a border', { size: [9, 11], kernel: [3, 3], padding: [1, 1] }],
    ['3x3 that lies on padding only', { size: [1, 1], kernel: [3, 3], padding: [2, 2] }],
    ['stride 2 with rows left over', { size: [9, 10], kernel: [3, 3], stride: [2, 2], padding: [1, 1] }],
    ['strides 3 and 1', { size: [11, 7], kernel: [2, 4], stride: [3, 1], padding: [0, 2] }],
    ['strides 1 and 3', { size: [7, 17], kernel: [3, 5], stride: [1, 3], padding: [1, 0] }],
    ['stride beyond the kernel', { size: [13, 13], kernel: [2, 2], stride: [4, 5] }],
    ['dilation 2 and 3', { size: [11, 14], kernel: [3, 3], padding: [2, 1], dilation: [2, 3] }],
    ['kernel = image', { size: [6, 5], kernel: [6, 5], channels: 3, outChannels: 9 }],
    ['1x1, few positions', { size: [5, 5], kernel: [1, 1], channels: 7, outChannels: 5 }],
    ['1x1, many positions', { size: [9, 11], kernel: [1, 1], channels: 7, outChannels: 5 }],
    ['1x1 with stride', { size: [9, 11], kernel: [1, 1], stride: [2, 2] }],
    ['2 groups', { size: [9, 9], kernel: [3, 3], padding: [1, 1], channels: 4, outChannels: 6, groups: 2 }],
    ['3 groups of small images', { size: [4, 4], kernel: [2, 2], channels: 6, outChannels: 3, groups: 3 }],
    ['depthwise', { size: [9, 11], kernel: [3, 3], padding: [1, 1], channels: 5, outChannels: 5, groups: 5 }],
    [
      'depthwise, 2 outputs a channel, strides 2 and 3, dilated',
      {
        size: [12, 19],
        kernel: [5, 6],
        stride: [2, 3],
        padding: [2, 1],
        dilation: [2, 2],
        channels: 3,
        outChannels: 6,
        groups: 3,
      },
    ],
    ['depthwise 4x2 on 26x27', { size: [26, 27], kernel: [4, 2], channels: 2, outChannels: 4, groups: 2 }],
    ['depthwise with a kernel of 529', { size: [24, 25], kernel: [23, 23], channels: 2, outChannels: 2, groups: 2 }],
    ['positions in two products', { size: [25, 23], kernel: [3, 3], padding: [1, 1], channels: 2, outChannels: 9 }],
    ['terms and outputs in two blocks', { size: [4, 3], kernel: [3, 3], channels: 61, outChannels: 517 }],
    ['channels in three products', { size: [24, 22], kernel: [3, 3], channels: 40, outChannels: 2 }],
  ] satisfies [string, PartialShape][]
).map(([title, part]) => [title, shapeOf(part)]);

/** Element counts of a shape's arrays for one image. */
export function countsOf({ channels, size, outChannels, outSize, kernel, groups }: ConvolutionShape) {
  return {
    image: channels * size[0] * size[1],
    output: outChannels * outSize[0] * outSize[1],
    weights: (outChannels * channels * kernel[0] * kernel[1]) / groups,
  };
}
