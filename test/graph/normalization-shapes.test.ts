// What normalisations and attention refuse: the error names the layer and the shapes.
import { describe, expect, it } from 'vitest';
import { createGraph } from '#src/graph/graph.js';
import { ModelError } from '#src/graph/model-error.js';
import { batchMoments } from '#src/graph/ops/batch-moments.js';
import { batchNorm } from '#src/graph/ops/batch-norm.js';
import { groupNorm } from '#src/graph/ops/group-norm.js';
import { input } from '#src/graph/ops/input.js';
import { layerNorm, rmsNorm } from '#src/graph/ops/layer-norm.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { selfAttention } from '#src/graph/ops/self-attention.js';

const graph = createGraph();
const array = (...shape: number[]) =>
  graph.apply(parameter, [], { name: 'p', shape, initializer: { kind: 'constant', value: 0 } }, 'l');
const batch = (...shape: number[]) => graph.apply(input, [], { shape }, 'input');
const EPS = 1e-5;

const REFUSED: [string, () => unknown, string][] = [
  [
    'a layer norm over more axes than a sample has',
    () => graph.apply(layerNorm, [batch(3, 4)], { axes: 3, eps: EPS }, 'l'),
    'l: expected 1 to 2 of the axes of (-1,3,4) to normalise over, got 3; the batch axis is none of them',
  ],
  [
    'an RMS norm over no axis',
    () => graph.apply(rmsNorm, [batch(3, 4)], { axes: 0, eps: EPS }, 'l'),
    'l: expected 1 to 2 of the axes of (-1,3,4) to normalise over, got 0; the batch axis is none of them',
  ],
  [
    'a layer norm with a weight of another width',
    () => graph.apply(layerNorm, [batch(3, 4), array(3)], { axes: 1, eps: EPS }, 'l'),
    'l: expected weight and bias of shape (4) for inputs (-1,3,4), got (3); make them of that shape',
  ],
  [
    'groups that do not divide the channels',
    () => graph.apply(groupNorm, [batch(6, 5)], { groups: 4, eps: EPS }, 'l'),
    'l: expected groups to divide the 6 channels of (-1,6,5), got 4; choose a divisor',
  ],
  [
    'moments of a batch without channels',
    () => graph.apply(batchMoments, [batch()], {}, 'l'),
    'l: expected inputs with a channel axis behind the samples, got (-1); reshape them to (samples,channels,…)',
  ],
  [
    'a batch norm by moments of another tensor',
    () => graph.apply(batchNorm, [batch(6, 5), array(2, 5)], { eps: EPS, affine: false }, 'l'),
    'l: expected moments (2,6) of (-1,6,5), running mean and variance or none, got (2,5); make the moments by batchMoments',
  ],
  [
    'a batch norm with a weight but no bias',
    () => graph.apply(batchNorm, [batch(6), array(2, 6), array(6)], { eps: EPS, affine: true }, 'l'),
    'l: expected moments (2,6) of (-1,6), weight and bias, running mean and variance or none, got (2,6) (6); make the moments by batchMoments',
  ],
  [
    'attention whose width is no multiple of three times the heads',
    () => graph.apply(selfAttention, [batch(10, 24)], { heads: 3, causal: true }, 'l'),
    'l: expected inputs of shape (…,tokens,3·D) with D a multiple of 3 heads, got (-1,10,24); put a dense layer of 3·D units before it, or change heads',
  ],
  [
    'attention without tokens',
    () => graph.apply(selfAttention, [batch(24)], { heads: 2, causal: true }, 'l'),
    'l: expected inputs of shape (…,tokens,3·D) with D a multiple of 2 heads, got (-1,24); put a dense layer of 3·D units before it, or change heads',
  ],
];

describe('the shape rules refuse', () => {
  it.each(REFUSED)('%s', (_what, apply, message) => {
    expect(apply).toThrow(ModelError);
    expect(apply).toThrow(message);
  });
});
