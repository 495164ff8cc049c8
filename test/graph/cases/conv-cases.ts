// The op table's lines on images: convolutions, pooling, upsampling.
import type { ConvolutionAttrs } from '#src/graph/convolution.js';
import type { Pair } from '#src/graph/images.js';
import type { GraphNode } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { avgPool2d, avgPool2dBackward } from '#src/graph/ops/avg-pool2d.js';
import { channelSum } from '#src/graph/ops/channel-sum.js';
import { constant } from '#src/graph/ops/constant.js';
import { type ConvTransposeAttrs, convTranspose2d } from '#src/graph/ops/conv-transpose2d.js';
import { conv2d, conv2dInput, conv2dWeight } from '#src/graph/ops/conv2d.js';
import { globalAvgPool } from '#src/graph/ops/global-avg-pool.js';
import { globalMaxPool } from '#src/graph/ops/global-max-pool.js';
import { matmul } from '#src/graph/ops/matmul.js';
import { maxPool2d } from '#src/graph/ops/max-pool2d.js';
import { reshape } from '#src/graph/ops/reshape.js';
import { type UpsampleAttrs, upsample, upsampleBackward } from '#src/graph/ops/upsample.js';
import type { PoolingAttrs } from '#src/graph/pooling.js';
import { elementCount } from '#src/graph/tensor-type.js';
import type { OpCase, Sketch } from '../op-cases.ts';
import { POOLED_CONVOLUTION_CASES } from './pooled-convolution-cases.ts';

/** A batch of images, each another one, that depend element by element on a parameter. */
export function images(s: Sketch, ...shape: number[]): GraphNode {
  const count = elementCount(shape);
  const values = Array.from({ length: 4 * count }, (_, i) => Math.sin(3 * i + 1) / 2);
  const mixed = s.apply(matmul, [s.batch(4), s.apply(constant, [], { shape: [4, count], values })], {
    transposed: false,
  });
  return s.apply(add, [s.apply(reshape, [mixed], { shape }), s.parameter(...shape)], {});
}

const PLAIN: ConvolutionAttrs = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

/** Title, shape of x without axes in front, shape of the weights, settings. */
const CONVOLUTIONS: [string, number[], number[], Partial<ConvolutionAttrs>][] = [
  ['3x3 of 5x3', [2, 5, 3], [2, 2, 3, 3], {}],
  ['3x3 with a border', [1, 3, 5], [2, 1, 3, 3], { padding: [1, 1] }],
  ['stride 2, a row left over', [2, 6, 5], [3, 2, 3, 3], { stride: [2, 2], padding: [1, 1] }],
  ['strides 3 and 1 of a rectangular kernel', [1, 7, 4], [2, 1, 2, 3], { stride: [3, 1], padding: [0, 2] }],
  ['stride beyond the kernel', [2, 7, 7], [1, 2, 2, 1], { stride: [4, 3] }],
  ['dilation 2 and 3', [1, 5, 7], [2, 1, 3, 2], { dilation: [2, 3], padding: [1, 0] }],
  ['2 groups', [4, 3, 3], [2, 2, 2, 2], { groups: 2 }],
  ['depthwise with multiplier 2', [2, 3, 5], [4, 1, 3, 3], { groups: 2, padding: [1, 1] }],
  [
    'depthwise, strided and dilated',
    [2, 7, 8],
    [2, 1, 2, 3],
    { groups: 2, stride: [2, 3], dilation: [2, 1], padding: [0, 1] },
  ],
  ['1x1', [3, 3, 3], [2, 3, 1, 1], {}],
  ['kernel = image', [2, 3, 4], [3, 2, 3, 4], {}],
  ['1x1 of more than 64 positions', [1, 5, 13], [2, 1, 1, 1], {}],
];

const convolutionCases = CONVOLUTIONS.flatMap(([title, x, weight, given], i): OpCase[] => {
  const attrs = { ...PLAIN, ...given };
  const hasBias = i % 3 !== 2;
  const weights = (s: Sketch) => [s.parameter(...weight), ...(hasBias ? [s.parameter(weight[0])] : [])];
  return [
    {
      op: 'conv2d',
      title: `${title}, of a batch`,
      build: (s) => s.apply(conv2d, [images(s, ...x), ...weights(s)], attrs),
    },
    {
      op: 'conv2d',
      title: `${title}, of a tensor`,
      build: (s) => s.apply(conv2d, [s.parameter(2, ...x), ...weights(s)], attrs),
    },
  ];
});

const rectifiedCases = [true, false].map(
  (isBatch): OpCase => ({
    op: 'conv2d',
    title: `with relu, of a ${isBatch ? 'batch' : 'tensor'}`,
    build(s) {
      const x = isBatch ? images(s, 2, 4, 3) : s.parameter(2, 2, 4, 3);
      const attrs = { ...PLAIN, padding: [1, 0], activation: 'relu' } as const;
      return s.apply(conv2d, [x, s.parameter(3, 2, 3, 2), s.parameter(3)], attrs);
    },
  }),
);

const TRANSPOSED: [string, number[], number[], Partial<ConvTransposeAttrs>][] = [
  ['2x3', [2, 3, 4], [2, 3, 2, 3], {}],
  [
    'strides 2 and 3, padded both ways',
    [2, 3, 2],
    [2, 1, 3, 3],
    { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2] },
  ],
  ['groups, dilated', [4, 2, 3], [4, 1, 2, 2], { groups: 2, dilation: [1, 2], stride: [2, 1] }],
  ['depthwise', [3, 3, 2], [3, 1, 3, 2], { groups: 3, stride: [2, 1], padding: [1, 0] }],
  ['1x1', [3, 2, 2], [3, 2, 1, 1], {}],
  ['1x1 of more than 64 positions', [1, 5, 13], [1, 1, 1, 1], {}],
];

const transposedCases = TRANSPOSED.flatMap(([title, x, weight, given], i): OpCase[] => {
  const attrs: ConvTransposeAttrs = { ...PLAIN, outputPadding: [0, 0], ...given };
  const biases = (s: Sketch) => (i % 2 === 0 ? [s.parameter(weight[1] * attrs.groups)] : []);
  const [op, form] = ['convTranspose2d', (of: string) => `${title}, of a ${of}`];
  return [
    {
      op,
      title: form('batch'),
      build: (s) => s.apply(convTranspose2d, [images(s, ...x), s.parameter(...weight), ...biases(s)], attrs),
    },
    {
      op,
      title: form('tensor'),
      build: (s) => s.apply(convTranspose2d, [s.parameter(...x), s.parameter(...weight), ...biases(s)], attrs),
    },
  ];
});

const STRIDED: ConvolutionAttrs = { ...PLAIN, stride: [2, 1], padding: [1, 0] };
const gradientOpCases: OpCase[] = [
  {
    op: 'conv2dInput',
    title: 'of a batch',
    build: (s) =>
      s.apply(conv2dInput, [images(s, 3, 3, 3), s.parameter(3, 2, 3, 2), s.parameter(2)], { ...STRIDED, size: [6, 4] }),
  },
  {
    op: 'conv2dWeight',
    title: 'over the batch',
    mixesSamples: true,
    build: (s) => s.apply(conv2dWeight, [images(s, 2, 6, 4), images(s, 3, 3, 3)], { ...STRIDED, kernel: [3, 2] }),
  },
  {
    op: 'channelSum',
    title: 'over the batch',
    mixesSamples: true,
    build: (s) => s.apply(channelSum, [images(s, 3, 2, 5)], {}),
  },
  { op: 'channelSum', title: 'of a tensor', build: (s) => s.apply(channelSum, [s.parameter(2, 2, 3, 1, 3)], {}) },
];

const POOLS: [string, number[], PoolingAttrs][] = [
  ['2x2', [2, 4, 6], { kernel: [2, 2], stride: [2, 2], padding: [0, 0] }],
  [
    '2x2, eight windows wide, rows and columns left over',
    [1, 3, 17],
    { kernel: [2, 2], stride: [2, 2], padding: [0, 0] },
  ],
  ['3x3 padded, stride 2', [2, 5, 7], { kernel: [3, 3], stride: [2, 2], padding: [1, 1] }],
  ['2x3, strides 1 and 3', [1, 4, 7], { kernel: [2, 3], stride: [1, 3], padding: [1, 0] }],
  ['stride beyond the kernel', [1, 7, 6], { kernel: [2, 1], stride: [3, 4], padding: [0, 0] }],
  ['kernel = image', [2, 3, 4], { kernel: [3, 4], stride: [1, 1], padding: [0, 0] }],
];

const poolCases = POOLS.flatMap(([title, shape, attrs]): OpCase[] => [
  { op: 'maxPool2d', title: `${title}, of a batch`, build: (s) => s.apply(maxPool2d, [images(s, ...shape)], attrs) },
  {
    op: 'maxPool2d',
    title: `${title}, of a tensor`,
    build: (s) => s.apply(maxPool2d, [s.parameter(2, ...shape)], attrs),
  },
  ...[true, false].map(
    (countIncludePad): OpCase => ({
      op: 'avgPool2d',
      title: `${title}, of a batch, ${countIncludePad ? 'with' : 'without'} padding`,
      build: (s) => s.apply(avgPool2d, [images(s, ...shape)], { ...attrs, countIncludePad }),
    }),
  ),
  {
    op: 'avgPool2d',
    title: `${title}, of a tensor`,
    build: (s) => s.apply(avgPool2d, [s.parameter(2, ...shape)], { ...attrs, countIncludePad: true }),
  },
]);

const globalCases = [globalAvgPool, globalMaxPool].flatMap((op): OpCase[] => [
  { op: op.name, title: 'of a batch', build: (s) => s.apply(op, [images(s, 3, 3, 5)], {}) },
  { op: op.name, title: 'of a tensor', build: (s) => s.apply(op, [s.parameter(2, 3, 5, 1)], {}) },
]);

const SCALES: Pair[] = [
  [1, 1],
  [2, 2],
  [3, 1],
  [2, 5],
];
const upsampleCases = (['nearest', 'bilinear'] as const).flatMap((mode) =>
  SCALES.flatMap((scale): OpCase[] => {
    const attrs: UpsampleAttrs = { scale, mode };
    const [op, title] = ['upsample', `${mode} by ${scale}`];
    return [
      { op, title: `${title}, of a batch`, build: (s) => s.apply(upsample, [images(s, 2, 3, 2)], attrs) },
      { op, title: `${title}, of a tensor`, build: (s) => s.apply(upsample, [s.parameter(2, 2, 1, 4)], attrs) },
    ];
  }),
);

const adjointCases: OpCase[] = [
  {
    op: 'avgPool2dBackward',
    title: 'of a batch',
    build: (s) =>
      s.apply(avgPool2dBackward, [images(s, 1, 2, 3)], {
        kernel: [3, 2],
        stride: [2, 2],
        padding: [1, 0],
        countIncludePad: false,
        shape: [1, 4, 7],
      }),
  },
  ...(['nearest', 'bilinear'] as const).map(
    (mode): OpCase => ({
      op: 'upsampleBackward',
      title: mode,
      build: (s) => s.apply(upsampleBackward, [images(s, 1, 4, 6)], { scale: [2, 3], mode }),
    }),
  ),
];

/** Lines of the op table. */
export const CONV_CASES: OpCase[] = [
  ...convolutionCases,
  ...rectifiedCases,
  ...transposedCases,
  ...gradientOpCases,
  ...poolCases,
  ...POOLED_CONVOLUTION_CASES,
  ...globalCases,
  ...upsampleCases,
  ...adjointCases,
];
