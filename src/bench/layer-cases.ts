// The kernels of layers: products, convolutions, pooling, attention, normalisation → what they are measured on. Pure.

import { attentionBackwardScratchBytes, attentionScratchBytes } from '../kernels/attention-scratch.ts';
import { batchNormScratchBytes } from '../kernels/batch-norm-scratch.ts';
import { type ConvolutionShape, convolutionScratchBytes, convolutionWords } from '../kernels/convolution-meta.ts';
import { gemmScratchBytes } from '../kernels/gemm-scratch.ts';
import {
  indexWords,
  type PooledConvolutionShape,
  pooledConvolutionScratchBytes,
  pooledConvolutionWords,
} from '../kernels/pooled-convolution-meta.ts';
import type { Arena } from './arena.ts';
import { ELEMENTS, type KernelCase, sizeText } from './kernel-case.ts';

/** [what is transposed, m, n, k]: a square, then a layer 784 → 512 forward and its weights' gradient on a shard of 64 samples. */
const PRODUCTS: [number, number, number, number, number][] = [
  [0, 0, 512, 512, 512],
  [0, 1, 64, 512, 784],
  [1, 0, 512, 784, 64],
];

function gemmCase([transA, transB, m, n, k]: (typeof PRODUCTS)[number]): KernelCase {
  return {
    kernel: 'gemm',
    size: `${sizeText(m, n, k)}${transA ? ' AᵀB' : transB ? ' ABᵀ' : ''}`,
    flops: 2 * m * n * k,
    args: (a) => {
      const [x, y, out] = [a.floats(m * k), a.floats(k * n), a.floats(m * n)];
      const [lda, ldb] = [transA ? m : k, transB ? k : n];
      return [transA, transB, m, n, k, x, lda, y, ldb, out, n, 0, 0, 0, a.room(gemmScratchBytes(m, n, k))];
    },
  };
}

/** 16 products of 64 × 64 × 32, as attention's scores are. */
const [PAIRS, SIDE, DEPTH] = [16, 64, 32];

const CONV: ConvolutionShape = {
  channels: 16,
  size: [14, 14],
  outChannels: 32,
  outSize: [14, 14],
  kernel: [3, 3],
  stride: [1, 1],
  padding: [1, 1],
  dilation: [1, 1],
  groups: 1,
};
const IMAGES = 16;
const AREA = 14 * 14;
const convSize = `${IMAGES} of 16×14×14 → 32, 3×3`;
const CONV_FLOPS = 2 * IMAGES * CONV.outChannels * AREA * CONV.channels * 9;

/** out, x, weights in the order of each kernel's arguments. */
function convArgs(a: Arena, first: 'out' | 'x' | 'weights', second: 'x' | 'out', third: number[], rest: number[]) {
  const sizes = { out: IMAGES * CONV.outChannels * AREA, x: IMAGES * CONV.channels * AREA, weights: 32 * 16 * 9 };
  const tail = [IMAGES, a.ints(convolutionWords(CONV)), a.room(convolutionScratchBytes(CONV))];
  return [a.floats(sizes[first]), a.floats(sizes[second]), ...third, ...rest, ...tail];
}

const POOLED_CONV: PooledConvolutionShape = { ...CONV, windows: [7, 7] };
const MAPS = IMAGES * CONV.channels * AREA;
const POOLED_MAPS = IMAGES * CONV.outChannels * 49;

/** Which of its window's four positions each maximum is. */
function indices(a: Arena): number {
  return a.ints(new Int32Array(IMAGES * indexWords(POOLED_CONV)).fill(0x03010200));
}

function pooledSettings(a: Arena): number[] {
  const scratch = a.room(pooledConvolutionScratchBytes(POOLED_CONV));
  return [IMAGES, a.ints(pooledConvolutionWords(POOLED_CONV)), scratch];
}

const PLANES = 64;
const PLANE = 28 * 28;
const pooling = `${PLANES} of 28×28, 2×2`;
const POOLED = [28, 28, 14, 14, 2, 2, 2, 2, 0, 0, 1];
const upsampling = `${PLANES} of 14×14, ×2`;
const DOUBLED = [14, 14, 2, 2];

const [SAMPLES, TOKENS, HEADS, HEAD] = [4, 64, 4, 32];
const attention = `${SAMPLES} of ${TOKENS} tokens, ${HEADS}×${HEAD}`;
const WIDTH = HEADS * HEAD;
/** Two products of every pair of tokens; causal, so half of the pairs. */
const ATTENTION_FLOPS = 2 * SAMPLES * HEADS * TOKENS * TOKENS * HEAD;
const ROWS_ELEMENTS = SAMPLES * TOKENS * WIDTH;

const [LINES, COLS] = [128, 128];
const lines = sizeText(LINES, COLS);
/** Samples, channels, positions of one. */
const CHANNELS = [16, 32, 32] as const;
const channels = sizeText(...CHANNELS);
const EPS = 1e-5;
const N = ELEMENTS;
const MOMENTS = 2 * CHANNELS[1];

/** Their cases. */
export const LAYER_CASES: KernelCase[] = [
  ...PRODUCTS.map(gemmCase),
  {
    kernel: 'batchedGemm',
    size: `${PAIRS} of ${sizeText(SIDE, SIDE, DEPTH)}`,
    flops: 2 * PAIRS * SIDE * SIDE * DEPTH,
    args: (a) => {
      const [x, y, out] = [SIDE * DEPTH, DEPTH * SIDE, SIDE * SIDE].map((elements) => a.floats(PAIRS * elements));
      const scratch = a.room(gemmScratchBytes(SIDE, SIDE, DEPTH));
      return [0, 0, SIDE, SIDE, DEPTH, x, SIDE * DEPTH, y, DEPTH * SIDE, out, PAIRS, 0, a.ints([0]), 0, scratch];
    },
  },
  {
    kernel: 'conv2d',
    size: convSize,
    flops: CONV_FLOPS,
    args: (a) => convArgs(a, 'out', 'x', [a.floats(32 * 16 * 9)], [a.floats(32)]),
  },
  {
    kernel: 'conv2dInput',
    size: convSize,
    flops: CONV_FLOPS,
    args: (a) => convArgs(a, 'x', 'out', [a.floats(32 * 16 * 9)], [0]),
  },
  {
    kernel: 'conv2dWeight',
    size: convSize,
    flops: CONV_FLOPS,
    args: (a) => convArgs(a, 'weights', 'x', [a.floats(IMAGES * CONV.outChannels * AREA)], [0]),
  },
  {
    kernel: 'convReluPool',
    size: convSize,
    flops: CONV_FLOPS,
    args: (a) => [
      a.floats(POOLED_MAPS),
      indices(a),
      a.floats(MAPS),
      a.floats(32 * 16 * 9),
      a.floats(32),
      ...pooledSettings(a),
    ],
  },
  {
    kernel: 'convReluPoolInput',
    size: convSize,
    flops: CONV_FLOPS / 4,
    args: (a) => [a.floats(MAPS), a.floats(POOLED_MAPS), indices(a), a.floats(32 * 16 * 9), ...pooledSettings(a)],
  },
  {
    kernel: 'convReluPoolWeight',
    size: convSize,
    flops: CONV_FLOPS / 4,
    args: (a) => [a.floats(32 * 16 * 9), a.floats(MAPS), a.floats(POOLED_MAPS), indices(a), 0, ...pooledSettings(a)],
  },
  {
    kernel: 'convReluPoolBias',
    size: convSize,
    flops: POOLED_MAPS,
    args: (a) => [a.floats(32), a.floats(POOLED_MAPS), indices(a), 0, IMAGES, 32, AREA / 4],
  },
  {
    kernel: 'channelSum',
    size: channels,
    flops: N,
    args: (a) => [a.floats(CHANNELS[1]), a.floats(N), ...CHANNELS, 0],
  },
  {
    kernel: 'planeMean',
    size: `${PLANES} of 28×28`,
    flops: PLANES * PLANE,
    args: (a) => [a.floats(PLANES), a.floats(PLANES * PLANE), PLANES, PLANE],
  },
  ...(['maxPool2d', 'avgPool2d'] as const).map(
    (kernel): KernelCase => ({
      kernel,
      size: pooling,
      flops: PLANES * PLANE,
      args: (a) => [a.floats((PLANES * PLANE) / 4), a.floats(PLANES * PLANE), PLANES, a.ints(POOLED)],
    }),
  ),
  {
    kernel: 'maxPool2dBackward',
    size: pooling,
    flops: PLANES * PLANE,
    args: (a) => {
      const [dx, dOut, x] = [PLANES * PLANE, (PLANES * PLANE) / 4, PLANES * PLANE].map((n) => a.floats(n));
      return [dx, dOut, x, PLANES, a.ints(POOLED)];
    },
  },
  {
    kernel: 'avgPool2dBackward',
    size: pooling,
    flops: PLANES * PLANE,
    args: (a) => [a.floats(PLANES * PLANE), a.floats((PLANES * PLANE) / 4), PLANES, a.ints(POOLED)],
  },
  ...(['upsampleNearest', 'upsampleBilinear'] as const).map(
    (kernel): KernelCase => ({
      kernel,
      size: upsampling,
      flops: kernel === 'upsampleNearest' ? 0 : 6 * PLANES * PLANE,
      args: (a) => [a.floats(PLANES * PLANE), a.floats((PLANES * PLANE) / 4), PLANES, a.ints(DOUBLED)],
    }),
  ),
  ...(['upsampleNearestBackward', 'upsampleBilinearBackward'] as const).map(
    (kernel): KernelCase => ({
      kernel,
      size: upsampling,
      flops: (kernel === 'upsampleNearestBackward' ? 1 : 10) * PLANES * PLANE,
      args: (a) => [a.floats((PLANES * PLANE) / 4), a.floats(PLANES * PLANE), PLANES, a.ints(DOUBLED)],
    }),
  ),
  {
    kernel: 'selfAttention',
    size: attention,
    flops: ATTENTION_FLOPS,
    args: (a) => {
      const arrays = [a.floats(ROWS_ELEMENTS), a.floats(3 * ROWS_ELEMENTS)];
      return [...arrays, SAMPLES, TOKENS, HEADS, HEAD, 1, a.room(attentionScratchBytes(TOKENS, HEAD))];
    },
  },
  {
    kernel: 'selfAttentionBackward',
    size: attention,
    // The scores anew, and two products for each product of the forward pass.
    flops: 2.5 * ATTENTION_FLOPS,
    args: (a) => {
      const arrays = [a.floats(3 * ROWS_ELEMENTS), a.floats(ROWS_ELEMENTS), a.floats(3 * ROWS_ELEMENTS)];
      return [...arrays, SAMPLES, TOKENS, HEADS, HEAD, 1, a.room(attentionBackwardScratchBytes(TOKENS, HEAD))];
    },
  },
  {
    kernel: 'layerNorm',
    size: lines,
    flops: 8 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(COLS), a.floats(COLS), LINES, COLS, EPS, 1],
  },
  {
    kernel: 'layerNormBackward',
    size: lines,
    flops: 14 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N), a.floats(COLS), LINES, COLS, EPS, 1],
  },
  {
    kernel: 'layerNormWeightGradient',
    size: lines,
    flops: 7 * N,
    args: (a) => [a.floats(COLS), a.floats(N), a.floats(N), LINES, COLS, EPS, 1, 0],
  },
  {
    kernel: 'groupNorm',
    size: channels,
    flops: 8 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(CHANNELS[1]), a.floats(CHANNELS[1]), ...CHANNELS, 8, EPS],
  },
  {
    kernel: 'groupNormBackward',
    size: channels,
    flops: 14 * N,
    args: (a) => [a.floats(N), a.floats(N), a.floats(N), a.floats(CHANNELS[1]), ...CHANNELS, 8, EPS],
  },
  {
    kernel: 'groupNormWeightGradient',
    size: channels,
    flops: 7 * N,
    args: (a) => [a.floats(CHANNELS[1]), a.floats(N), a.floats(N), ...CHANNELS, 8, EPS, 0],
  },
  {
    kernel: 'batchMoments',
    size: channels,
    flops: 4 * N,
    args: (a) => [a.floats(MOMENTS), a.floats(N), ...CHANNELS, a.room(batchNormScratchBytes(CHANNELS[1]))],
  },
  {
    kernel: 'batchNorm',
    size: channels,
    flops: 3 * N,
    args: (a) => {
      const arrays = [a.floats(N), a.floats(N), a.positive(MOMENTS), 0, a.floats(CHANNELS[1]), a.floats(CHANNELS[1])];
      return [...arrays, ...CHANNELS, EPS, a.room(batchNormScratchBytes(CHANNELS[1]))];
    },
  },
  {
    kernel: 'batchNormSums',
    size: channels,
    flops: 5 * N,
    args: (a) => {
      const arrays = [a.floats(MOMENTS), a.floats(N), a.floats(N), a.positive(MOMENTS), 0];
      return [...arrays, ...CHANNELS, EPS, a.room(batchNormScratchBytes(CHANNELS[1]))];
    },
  },
  {
    kernel: 'batchNormBackward',
    size: channels,
    flops: 6 * N,
    args: (a) => {
      const arrays = [a.floats(N), a.floats(N), a.floats(N), a.positive(MOMENTS), a.floats(CHANNELS[1])];
      return [...arrays, a.floats(MOMENTS), ...CHANNELS, EPS, a.room(batchNormScratchBytes(CHANNELS[1]))];
    },
  },
  {
    kernel: 'batchNormInferenceBackward',
    size: channels,
    flops: N,
    args: (a) => {
      const arrays = [a.floats(N), a.floats(N), a.positive(CHANNELS[1]), a.floats(CHANNELS[1])];
      return [...arrays, ...CHANNELS, EPS, a.room(batchNormScratchBytes(CHANNELS[1]))];
    },
  },
  { kernel: 'pickRow', size: sizeText(CHANNELS[1]), flops: 0, args: (a) => [a.floats(32), a.floats(64), 1, 32, 0] },
  {
    kernel: 'unbiasedVariance',
    size: sizeText(CHANNELS[1]),
    flops: CHANNELS[1],
    args: (a) => [a.floats(32), a.positive(MOMENTS), ...CHANNELS],
  },
];
