// Lines of the table of methods: images, norms and attention, with their options and without.
import type { Tensor } from '#src/index.js';
import type { MethodCase } from './method-cases.ts';
import { byRule } from './rule-cases.ts';

const PLAIN = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

export const IMAGE_METHOD_CASES: MethodCase[] = [
  ...byRule('conv2d', [
    {
      title: 'with nothing said',
      shapes: [
        [1, 3, 4],
        [2, 1, 2, 2],
      ],
      to: [2, 2, 3],
      attrs: PLAIN,
      apply: (x, weight) => x.conv2d(weight),
    },
    {
      title: 'with a bias, numbers and pairs',
      shapes: [[2, 2, 4, 4], [2, 1, 2, 2], [2]],
      to: [2, 2, 2, 4],
      attrs: { stride: [2, 2], padding: [0, 2], dilation: [1, 1], groups: 2 },
      apply: (x, weight, bias) => x.conv2d(weight, bias, { stride: 2, padding: [0, 2], groups: 2 }),
    },
    {
      title: 'dilated, without bias',
      shapes: [
        [1, 4, 3],
        [1, 1, 2, 2],
      ],
      to: [1, 2, 1],
      attrs: { ...PLAIN, dilation: [2, 2] },
      apply: (x, weight) => x.conv2d(weight, null, { dilation: 2 }),
    },
  ]),
  ...byRule('convTranspose2d', [
    {
      title: 'with nothing said',
      shapes: [
        [1, 2, 2],
        [1, 2, 2, 2],
      ],
      to: [2, 3, 3],
      attrs: PLAIN,
      apply: (x, weight) => x.convTranspose2d(weight),
    },
    {
      title: 'with a bias and all options',
      shapes: [[2, 2, 3], [2, 1, 2, 2], [2]],
      to: [2, 4, 5],
      attrs: { stride: [2, 2], padding: [1, 1], dilation: [2, 1], groups: 2 },
      apply: (x, weight, bias) =>
        x.convTranspose2d(weight, bias, {
          stride: 2,
          padding: 1,
          dilation: [2, 1],
          groups: 2,
          outputPadding: [1, 1],
        }),
    },
  ]),
  ...byRule('maxPool2d', [
    {
      title: 'stride = kernel',
      shapes: [[1, 4, 6]],
      to: [1, 2, 2],
      attrs: { kernel: [2, 3], stride: [2, 3], padding: [0, 0] },
      apply: (x) => x.maxPool2d([2, 3]),
    },
    {
      title: 'with options',
      shapes: [[1, 3, 6]],
      to: [1, 4, 4],
      attrs: { kernel: [2, 2], stride: [1, 2], padding: [1, 1] },
      apply: (x) => x.maxPool2d(2, { stride: [1, 2], padding: 1 }),
    },
  ]),
  ...byRule('avgPool2d', [
    {
      title: 'stride = kernel',
      shapes: [[1, 4, 6]],
      to: [1, 2, 3],
      attrs: { kernel: [2, 2], stride: [2, 2], padding: [0, 0], countIncludePad: true },
      apply: (x) => x.avgPool2d(2),
    },
    ...[true, false].map((countIncludePad) => ({
      title: `padded, countIncludePad ${countIncludePad}`,
      shapes: [[1, 4, 4]],
      to: [1, 3, 3],
      attrs: { kernel: [2, 2], stride: [2, 2], padding: [1, 1], countIncludePad },
      apply: (x: Tensor) =>
        countIncludePad ? x.avgPool2d(2, { padding: 1 }) : x.avgPool2d(2, { padding: 1, countIncludePad }),
    })),
  ]),
  ...byRule('globalAvgPool', [
    { title: 'of (2,3,2,2)', shapes: [[2, 3, 2, 2]], to: [2, 3], attrs: {}, apply: (x) => x.globalAvgPool() },
  ]),
  ...byRule('globalMaxPool', [
    { title: 'of (2,3,2,2)', shapes: [[2, 3, 2, 2]], to: [2, 3], attrs: {}, apply: (x) => x.globalMaxPool() },
  ]),
  ...byRule('upsample', [
    {
      title: 'nearest',
      shapes: [[1, 2, 3]],
      to: [1, 4, 6],
      attrs: { scale: [2, 2], mode: 'nearest' },
      apply: (x) => x.upsample(2),
    },
    {
      title: 'bilinear',
      shapes: [[1, 2, 3]],
      to: [1, 2, 9],
      attrs: { scale: [1, 3], mode: 'bilinear' },
      apply: (x) => x.upsample([1, 3], { mode: 'bilinear' }),
    },
  ]),
];

export const NORM_METHOD_CASES: MethodCase[] = [
  ...byRule('layerNorm', [
    { title: 'alone', shapes: [[2, 5]], to: [2, 5], attrs: { axes: 1, eps: 1e-5 }, apply: (x) => x.layerNorm() },
    {
      title: 'with weight and bias of two axes',
      shapes: [
        [2, 2, 3],
        [2, 3],
        [2, 3],
      ],
      to: [2, 2, 3],
      attrs: { axes: 2, eps: 1e-5 },
      apply: (x, weight, bias) => x.layerNorm(weight, bias),
    },
    {
      title: 'of two axes, a large eps',
      shapes: [[2, 2, 3]],
      to: [2, 2, 3],
      attrs: { axes: 2, eps: 0.5 },
      apply: (x) => x.layerNorm(null, null, { axes: 2, eps: 0.5 }),
    },
  ]),
  ...byRule('rmsNorm', [
    { title: 'alone', shapes: [[2, 5]], to: [2, 5], attrs: { axes: 1, eps: 1e-5 }, apply: (x) => x.rmsNorm() },
    {
      title: 'with weight, a large eps',
      shapes: [[3, 4], [4]],
      to: [3, 4],
      attrs: { axes: 1, eps: 0.5 },
      apply: (x, weight) => x.rmsNorm(weight, { eps: 0.5 }),
    },
  ]),
  ...byRule('groupNorm', [
    {
      title: 'with weight and bias',
      shapes: [[2, 4, 3], [4], [4]],
      to: [2, 4, 3],
      attrs: { groups: 2, eps: 1e-5 },
      apply: (x, weight, bias) => x.groupNorm(2, weight, bias),
    },
    {
      title: 'with weight, a large eps',
      shapes: [[2, 4, 2], [4]],
      to: [2, 4, 2],
      attrs: { groups: 1, eps: 0.5 },
      apply: (x, weight) => x.groupNorm(1, weight, undefined, { eps: 0.5 }),
    },
  ]),
  ...byRule('selfAttention', [
    {
      title: 'of two heads',
      shapes: [[3, 12]],
      to: [3, 4],
      attrs: { heads: 2, causal: false },
      apply: (x) => x.selfAttention(2),
    },
    {
      title: 'causal',
      shapes: [[2, 3, 6]],
      to: [2, 3, 2],
      attrs: { heads: 1, causal: true },
      apply: (x) => x.selfAttention(1, { causal: true }),
    },
  ]),
];
