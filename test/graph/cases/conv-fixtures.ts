// PyTorch's cases on images as graphs of ours.
import type { GraphNode, Op } from '#src/graph/op.js';
import { avgPool2d } from '#src/graph/ops/avg-pool2d.js';
import { convTranspose2d } from '#src/graph/ops/conv-transpose2d.js';
import { conv2d } from '#src/graph/ops/conv2d.js';
import { globalAvgPool } from '#src/graph/ops/global-avg-pool.js';
import { maxPool2d } from '#src/graph/ops/max-pool2d.js';
import { upsample } from '#src/graph/ops/upsample.js';

type Apply = (op: Op<never>, inputs: GraphNode[], attrs: object) => GraphNode;

const fixture = (op: { readonly name: string }, inputs: string[], attrs: object) => ({
  inputs,
  build: (nodes: GraphNode[], apply: unknown) => (apply as Apply)(op as Op<never>, nodes, attrs),
});
const PLAIN = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const convolution = (attrs: object) => fixture(conv2d, ['x', 'w', 'b'], { ...PLAIN, ...attrs });

/** The settings are those of make_fixtures.py. */
export const CONV_FIXTURES = {
  conv3x3: convolution({ padding: [1, 1] }),
  conv3x3_s2: convolution({ stride: [2, 2], padding: [1, 1] }),
  conv5x5_valid: convolution({}),
  conv1x1: convolution({}),
  conv3x3_dil2: convolution({ padding: [2, 2], dilation: [2, 2] }),
  conv_group2: convolution({ padding: [1, 1], groups: 2 }),
  conv_depthwise: convolution({ padding: [1, 1], groups: 4 }),
  conv_rect: convolution({ stride: [2, 1], padding: [0, 2] }),
  conv_transpose: fixture(convTranspose2d, ['x', 'w', 'b'], {
    ...PLAIN,
    stride: [2, 2],
    padding: [1, 1],
    outputPadding: [1, 1],
  }),
  max_pool2: fixture(maxPool2d, ['x'], { kernel: [2, 2], stride: [2, 2], padding: [0, 0] }),
  max_pool3s2p1: fixture(maxPool2d, ['x'], { kernel: [3, 3], stride: [2, 2], padding: [1, 1] }),
  avg_pool2: fixture(avgPool2d, ['x'], { kernel: [2, 2], stride: [2, 2], padding: [0, 0], countIncludePad: true }),
  global_avg_pool: fixture(globalAvgPool, ['x'], {}),
  upsample_nearest2: fixture(upsample, ['x'], { scale: [2, 2], mode: 'nearest' }),
};
