// The op table's lines on a convolution with ReLU and 2 x 2 maxima behind it.
import { convReluPool, poolIndices } from '#src/graph/ops/conv-relu-pool.js';
import type { OpCase } from '../op-cases.ts';
import { images } from './conv-cases.ts';

type Pair = [number, number];

/** Title, shape of x without axes in front, shape of the weights, padding. */
const SHAPES: [string, number[], number[], Pair][] = [
  ['3x3 same', [2, 4, 4], [3, 2, 3, 3], [1, 1]],
  ['3x3 with a row and a column in no window', [1, 7, 5], [2, 1, 3, 3], [1, 1]],
  ['2x3, 9 outputs', [1, 3, 5], [9, 1, 2, 3], [0, 1]],
  ['1x1', [3, 2, 3], [2, 3, 1, 1], [0, 0]],
];

/** Lines of the op table. */
export const POOLED_CONVOLUTION_CASES: OpCase[] = SHAPES.flatMap(([title, x, weight, padding], i): OpCase[] =>
  [true, false].map((isBatch) => ({
    op: 'convReluPool',
    title: `${title}, of a ${isBatch ? 'batch' : 'tensor'}`,
    build(s) {
      const from = isBatch ? images(s, ...x) : s.parameter(2, ...x);
      const weights = s.parameter(...weight);
      const index = s.apply(poolIndices, [from, weights], { padding });
      const bias = i % 2 === 0 ? [s.parameter(weight[0])] : [];
      return s.apply(convReluPool, [from, weights, index, ...bias], { padding });
    },
  })),
);
