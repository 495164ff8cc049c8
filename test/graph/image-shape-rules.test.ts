// What ops on images refuse: the error names the layer, what was expected and what was given.
import { describe, expect, it } from 'vitest';
import { createGraph } from '#src/graph/graph.js';
import { ModelError } from '#src/graph/model-error.js';
import { avgPool2d } from '#src/graph/ops/avg-pool2d.js';
import { convTranspose2d } from '#src/graph/ops/conv-transpose2d.js';
import { conv2d } from '#src/graph/ops/conv2d.js';
import { globalAvgPool } from '#src/graph/ops/global-avg-pool.js';
import { input } from '#src/graph/ops/input.js';
import { maxPool2d } from '#src/graph/ops/max-pool2d.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { upsample } from '#src/graph/ops/upsample.js';

const graph = createGraph();
const array = (...shape: number[]) =>
  graph.apply(parameter, [], { name: 'p', shape, initializer: { kind: 'constant', value: 0 } }, 'l');
const batch = (...shape: number[]) => graph.apply(input, [], { shape }, 'input');

const PLAIN = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;
const TWICE = { kernel: [2, 2], stride: [2, 2], padding: [0, 0] } as const;
const transposed = (attrs: object) => () =>
  graph.apply(
    convTranspose2d,
    [batch(4, 5, 5), array(4, 2, 3, 3)],
    { ...PLAIN, outputPadding: [0, 0], ...attrs },
    'up',
  );

const REFUSED: [string, () => unknown, string][] = [
  [
    'vectors where images should be',
    () => graph.apply(conv2d, [batch(784), array(8, 1, 3, 3)], PLAIN, 'conv1'),
    'conv1: expected samples of shape (…,channels,height,width), got (-1,784); reshape it before this layer',
  ],
  [
    'a matrix where images should be',
    () => graph.apply(globalAvgPool, [array(3, 4)], {}, 'pool'),
    'pool: expected a shape (…,channels,height,width), got (3,4); reshape it before this layer',
  ],
  [
    'images of other channels',
    () => graph.apply(conv2d, [batch(1, 28, 28), array(8, 3, 3, 3)], PLAIN, 'conv1'),
    'conv1: expected images of 3 channels for weights (8,3,3,3), got (-1,1,28,28); change the layer before it',
  ],
  [
    'images of other channels, in groups',
    () => graph.apply(conv2d, [batch(4, 9, 9), array(8, 4, 3, 3)], { ...PLAIN, groups: 2 }, 'conv1'),
    'conv1: expected images of 8 channels for weights (8,4,3,3) and 2 groups, got (-1,4,9,9); change the layer before it',
  ],
  [
    'channels that do not divide into groups',
    () => graph.apply(conv2d, [batch(4, 9, 9), array(6, 1, 3, 3)], { ...PLAIN, groups: 3 }, 'conv1'),
    'conv1: expected channels that divide into 3 groups, got 4; change one of the two',
  ],
  [
    'outputs that do not divide into groups',
    () => graph.apply(conv2d, [batch(4, 9, 9), array(6, 1, 3, 3)], { ...PLAIN, groups: 4 }, 'conv1'),
    'conv1: expected output channels that divide into 4 groups, got 6; change one of the two',
  ],
  [
    'half a group',
    () => graph.apply(conv2d, [batch(4, 9, 9), array(6, 4, 3, 3)], { ...PLAIN, groups: 0.5 }, 'conv1'),
    'conv1: expected a whole number of groups of at least 1, got 0.5; leave it out for 1',
  ],
  [
    'a kernel larger than the image',
    () => graph.apply(conv2d, [batch(1, 4, 9), array(8, 1, 7, 7)], { ...PLAIN, padding: [1, 0] }, 'conv1'),
    'conv1: expected a kernel no larger than the image with its padding, 6x9, got 7x7; use a smaller kernel or more padding',
  ],
  [
    'a kernel that dilation makes larger than the image',
    () => graph.apply(conv2d, [batch(1, 4, 9), array(8, 1, 3, 3)], { ...PLAIN, dilation: [2, 2] }, 'conv1'),
    'conv1: expected a kernel no larger than the image with its padding, 4x9, got 5x5 (3x3 dilated); use a smaller kernel or more padding',
  ],
  [
    'a stride of 0',
    () => graph.apply(conv2d, [batch(1, 9, 9), array(8, 1, 3, 3)], { ...PLAIN, stride: [0, 1] }, 'conv1'),
    'conv1: expected a stride of two whole numbers of at least 1, got [0,1]; give [vertical, horizontal]',
  ],
  [
    'negative padding',
    () => graph.apply(maxPool2d, [batch(1, 9, 9)], { ...TWICE, padding: [0, -1] }, 'pool'),
    'pool: expected padding of two whole numbers of at least 0, got [0,-1]; give [vertical, horizontal]',
  ],
  [
    'weights of three axes',
    () => graph.apply(conv2d, [batch(1, 9, 9), array(8, 3, 3)], PLAIN, 'conv1'),
    'conv1: expected weights of four axes (channels,channels,height,width), got (8,3,3); reshape them',
  ],
  [
    'a bias of another length',
    () => graph.apply(conv2d, [batch(1, 9, 9), array(8, 1, 3, 3), array(4)], PLAIN, 'conv1'),
    'conv1: expected a bias of shape (8), one number an output channel, got (4); reshape it',
  ],
  [
    'outputPadding of the stride',
    transposed({ outputPadding: [1, 0] }),
    'up: expected outputPadding less than the stride 1x1, got 1x0; use less or pad the result',
  ],
  [
    'a transposed convolution of other channels',
    () => graph.apply(convTranspose2d, [batch(3, 5, 5), array(4, 2, 3, 3)], { ...PLAIN, outputPadding: [0, 0] }, 'up'),
    'up: expected images of 4 channels for weights (4,2,3,3), got (-1,3,5,5); change the layer before it',
  ],
  [
    'padding that eats a transposed convolution up',
    transposed({ padding: [4, 3] }),
    'up: expected padding that leaves something of the result, got 4x3, which leaves -1x1; use less padding',
  ],
  [
    'pooling with more padding than half its kernel',
    () => graph.apply(avgPool2d, [batch(1, 9, 9)], { ...TWICE, padding: [1, 2], countIncludePad: true }, 'pool'),
    'pool: expected padding of at most half the kernel 2x2, got 1x2; use less padding or a larger kernel',
  ],
  [
    'pooling of an image smaller than the window',
    () => graph.apply(maxPool2d, [batch(1, 1, 9)], TWICE, 'pool'),
    'pool: expected a kernel no larger than the image with its padding, 1x9, got 2x2; use a smaller kernel or more padding',
  ],
  [
    'an enlargement by a half',
    () => graph.apply(upsample, [batch(1, 9, 9)], { scale: [1.5, 2], mode: 'nearest' }, 'up'),
    'up: expected a scale of two whole numbers of at least 1, got [1.5,2]; give [vertical, horizontal]',
  ],
  [
    'an enlargement of an unknown kind',
    () => graph.apply(upsample, [batch(1, 9, 9)], { scale: [2, 2], mode: 'cubic' as never }, 'up'),
    'up: expected mode nearest or bilinear, got cubic; use one of the two',
  ],
];

describe('a shape rule of images', () => {
  it.each(REFUSED)('refuses %s', (_title, apply, message) => {
    expect(apply).toThrow(new ModelError(message));
  });
});
