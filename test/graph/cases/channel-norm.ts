// Graphs on which group norm and batch norm are checked, and their values in float64.
import type { GraphNode } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { batchMoments, momentsMean, momentsUnbiasedVariance } from '#src/graph/ops/batch-moments.js';
import { batchNorm } from '#src/graph/ops/batch-norm.js';
import { batchNormInference } from '#src/graph/ops/batch-norm-inference.js';
import { batchNormSums, pickRow } from '#src/graph/ops/batch-norm-sums.js';
import { constant } from '#src/graph/ops/constant.js';
import { groupNorm } from '#src/graph/ops/group-norm.js';
import { mul } from '#src/graph/ops/mul.js';
import { elementCount } from '#src/graph/tensor-type.js';
import type { Rule } from '../float64.ts';
import type { OpCase, Sketch } from '../op-cases.ts';

const EPS = 1e-5;
const normalizeShard = (s: Sketch, x: GraphNode, ...affine: GraphNode[]): GraphNode =>
  s.apply(batchNorm, [x, s.apply(batchMoments, [x], {}), ...affine], { eps: EPS, affine: affine.length > 0 });
/** Batch norm takes no notice of a shift of a channel, which is all that a batch's parameter does. */
const bent = (s: Sketch): GraphNode => s.apply(mul, [s.batch(4), s.batch(4)], {});
const constants = (s: Sketch, values: number[]): GraphNode => s.apply(constant, [], { shape: [values.length], values });

const GROUP_NORM_CASES: OpCase[] = [
  {
    op: 'groupNorm',
    title: 'of a batch (4), one number a channel',
    build: (s) => s.apply(groupNorm, [s.batch(4), s.parameter(4), s.parameter(4)], { groups: 2, eps: EPS }),
  },
  {
    op: 'groupNorm',
    title: 'of a batch (2,2), one group, its input read again',
    build(s) {
      const x = s.batch(2, 2);
      return s.apply(add, [s.apply(groupNorm, [x, s.parameter(2), s.parameter(2)], { groups: 1, eps: EPS }), x], {});
    },
  },
  {
    op: 'groupNorm',
    title: 'of (2,6,3,3), weight only',
    build: (s) => s.apply(groupNorm, [s.parameter(2, 6, 3, 3), s.parameter(6)], { groups: 3, eps: EPS }),
  },
  {
    op: 'groupNorm',
    title: 'of (3,4,5), a group a channel, no weight',
    build: (s) => s.apply(groupNorm, [s.parameter(3, 4, 5)], { groups: 4, eps: 0.1 }),
  },
];

const BATCH_NORM_CASES: OpCase[] = [
  { op: 'batchMoments', title: 'under batchNorm', mixesSamples: true, build: (s) => normalizeShard(s, bent(s)) },
  {
    op: 'batchNorm',
    title: 'of a batch (2,2) with weight and bias, its input read again',
    mixesSamples: true,
    build(s) {
      const x = s.batch(2, 2);
      return s.apply(add, [normalizeShard(s, x, s.parameter(2), s.parameter(2)), x], {});
    },
  },
  {
    op: 'batchNorm',
    title: 'of a batch (4) with weight and bias',
    mixesSamples: true,
    build: (s) => normalizeShard(s, bent(s), s.parameter(4), s.parameter(4)),
  },
  {
    op: 'batchNorm',
    title: 'of (3,5,7) without weight, running statistics unused',
    mixesSamples: true,
    build(s) {
      const x = s.parameter(3, 5, 7);
      const running = [constants(s, [9, 9, 9, 9, 9]), constants(s, [7, 7, 7, 7, 7])];
      return s.apply(batchNorm, [x, s.apply(batchMoments, [x], {}), ...running], { eps: EPS, affine: false });
    },
  },
  {
    op: 'batchNorm',
    title: 'of (6,5) with weight and bias',
    mixesSamples: true,
    build: (s) => normalizeShard(s, s.parameter(6, 5), s.parameter(5), s.parameter(5)),
  },
  ...[momentsMean, momentsUnbiasedVariance].map(
    (op): OpCase => ({
      op: op.name,
      title: 'of the samples',
      mixesSamples: true,
      build(s) {
        const moments = s.apply(batchMoments, [s.input], {});
        return s.apply(add, [s.apply(op, [moments, s.input], {}), s.parameter(4)], {});
      },
    }),
  ),
  {
    op: 'batchNormInference',
    title: 'of a batch (2,2) with weight and bias',
    build: (s) => {
      const statistics = [constants(s, [0.5, -1]), constants(s, [2, 0.25])];
      return s.apply(batchNormInference, [s.batch(2, 2), ...statistics, s.parameter(2), s.parameter(2)], { eps: EPS });
    },
  },
  {
    op: 'batchNormInference',
    title: 'of (3,5) without weight',
    build: (s) => {
      const statistics = [constants(s, [0.5, -1, 0, 2, 1]), constants(s, [2, 0.25, 1, 3, 4])];
      return s.apply(batchNormInference, [s.parameter(3, 5), ...statistics], { eps: 0.5 });
    },
  },
  {
    op: 'batchNormSums',
    title: 'of two batches, one number a channel',
    mixesSamples: true,
    build(s) {
      const statistics = [constants(s, [0.5, -1, 0, 2]), constants(s, [2, 0.25, 1, 3])];
      const sums = s.apply(batchNormSums, [s.input, s.input, ...statistics], { eps: EPS });
      return s.apply(add, [s.apply(pickRow, [sums], { row: 1 }), s.parameter(4)], {});
    },
  },
];

/** Of element i: its channel. */
const channelOf = (i: number, { shape, isBatched }: GraphNode): number => {
  const sample = isBatched ? shape : shape.slice(1);
  return Math.floor(i / elementCount(sample.slice(1))) % sample[0];
};

function momentsOf(values: number[]): [mean: number, variance: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
}

const batchMomentsRule: Rule = (node, [x], [type]) => {
  const channels = Array.from({ length: node.shape[1] }, (_, c) =>
    momentsOf(Array.from(x).filter((_value, i) => channelOf(i, type) === c)),
  );
  return [...channels.map(([mean]) => mean), ...channels.map(([, variance]) => variance)];
};

export const CHANNEL_NORM_CASES: OpCase[] = [...GROUP_NORM_CASES, ...BATCH_NORM_CASES];

export const CHANNEL_NORM_RULES: Record<string, Rule> = {
  groupNorm({ attrs }, [x, weight, bias], [type]) {
    const sample = type.isBatched ? type.shape : type.shape.slice(1);
    const n = elementCount(sample) / (attrs.groups as number);
    return Array.from(x, (value, i) => {
      const [mean, variance] = momentsOf(Array.from(x).slice(i - (i % n), i - (i % n) + n));
      const c = channelOf(i, type);
      return ((value - mean) / Math.sqrt(variance + (attrs.eps as number))) * (weight?.[c] ?? 1) + (bias?.[c] ?? 0);
    });
  },
  batchMoments: batchMomentsRule,
  batchNorm({ attrs }, [x, moments, ...arrays], [type]) {
    const [weight, bias] = attrs.affine ? arrays : [];
    return Array.from(x, (value, i) => {
      const c = channelOf(i, type);
      const deviation = Math.sqrt(moments[moments.length / 2 + c] + (attrs.eps as number));
      return ((value - moments[c]) / deviation) * (weight?.[c] ?? 1) + (bias?.[c] ?? 0);
    });
  },
  batchNormInference: ({ attrs }, [x, mean, variance, weight, bias], [type]) =>
    Array.from(x, (value, i) => {
      const c = channelOf(i, type);
      const deviation = Math.sqrt(variance[c] + (attrs.eps as number));
      return ((value - mean[c]) / deviation) * (weight?.[c] ?? 1) + (bias?.[c] ?? 0);
    }),
  momentsMean: (_node, [moments]) => Array.from(moments).slice(0, moments.length / 2),
  momentsUnbiasedVariance(_node, [moments, x]) {
    const count = x.length / (moments.length / 2);
    return Array.from(moments)
      .slice(moments.length / 2)
      .map((variance) => (variance * count) / (count - 1));
  },
  batchNormSums({ attrs, shape }, [dy, x, mean, variance], [, type]) {
    const sums = new Array<number>(2 * shape[1]).fill(0);
    Array.from(x).forEach((value, i) => {
      const c = channelOf(i, type);
      sums[c] += dy[i];
      sums[shape[1] + c] += (dy[i] * (value - mean[c])) / Math.sqrt(variance[c] + (attrs.eps as number));
    });
    return sums;
  },
  pickRow: ({ attrs, shape }, [x]) => {
    const from = (attrs.row as number) * shape[0];
    return Array.from(x).slice(from, from + shape[0]);
  },
};
