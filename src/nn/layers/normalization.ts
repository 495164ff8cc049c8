// Layers that normalise, each with a scale and a shift to train, and dropout. Coordinator only.
import type { GraphNode } from '../../graph/op.ts';
import { batchMoments, momentsMean, momentsUnbiasedVariance } from '../../graph/ops/batch-moments.ts';
import { batchNorm as batchNormOp } from '../../graph/ops/batch-norm.ts';
import { dropout as dropoutOp } from '../../graph/ops/dropout.ts';
import { groupNorm as groupNormOp } from '../../graph/ops/group-norm.ts';
import { layerNorm as layerNormOp, rmsNorm as rmsNormOp } from '../../graph/ops/layer-norm.ts';
import { statistic } from '../../graph/ops/statistic.ts';
import { updateStatistic } from '../../graph/ops/update-statistic.ts';
import { addParameter, type WeightOptions } from '../add-weights.ts';
import type { LayerOf } from '../layers.schema.ts';
import type { LayerKind, Trace } from '../trace.ts';

/** Each channel of a shard to mean 0 and variance 1; in evaluation by running statistics, named as PyTorch's. */
export const batchNorm: LayerKind<LayerOf<'batchNorm'>> = {
  add(trace, layer, x, path) {
    const { graph } = trace;
    const { eps, affine, momentum } = layer.batchNorm;
    const moments = graph.apply(batchMoments, [x], {}, path) as unknown as GraphNode;
    const shape = [moments.shape[1]];
    const parameters = affine ? addScaleAndShift(trace, shape, layer, path) : [];
    const running = (name: string, initialValue: number): GraphNode =>
      graph.apply(statistic, [], { name, shape, initialValue, momentum }, path) as unknown as GraphNode;
    const statistics = [running('runningMean', 0), running('runningVar', 1)];
    const mean = graph.apply(momentsMean, [moments], {}, path) as unknown as GraphNode;
    const variance = graph.apply(momentsUnbiasedVariance, [moments, x], {}, path) as unknown as GraphNode;
    graph.apply(updateStatistic, [statistics[0], mean], {}, path);
    graph.apply(updateStatistic, [statistics[1], variance], {}, path);
    return graph.apply(batchNormOp, [x, moments, ...parameters, ...statistics], { eps, affine }, path) as never;
  },
  describe: () => 'batchNorm',
};

/** The last axes of a sample to mean 0 and variance 1. */
export const layerNorm: LayerKind<LayerOf<'layerNorm'>> = {
  add(trace, layer, x, path) {
    const { eps, affine, axes } = layer.layerNorm;
    const parameters = affine ? addScaleAndShift(trace, x.shape.slice(-axes), layer, path) : [];
    return trace.graph.apply(layerNormOp, [x, ...parameters], { eps, axes }, path) as never;
  },
  describe: () => 'layerNorm',
};

/** The last axes of a sample divided by their root mean square; a scale, no shift. */
export const rmsNorm: LayerKind<LayerOf<'rmsNorm'>> = {
  add(trace, layer, x, path) {
    const { eps, affine, axes } = layer.rmsNorm;
    const parameters = affine ? [addScale(trace, x.shape.slice(-axes), layer, path)] : [];
    return trace.graph.apply(rmsNormOp, [x, ...parameters], { eps, axes }, path) as never;
  },
  describe: () => 'rmsNorm',
};

/** Each group of a sample's channels to mean 0 and variance 1. */
export const groupNorm: LayerKind<LayerOf<'groupNorm'>> = {
  add(trace, layer, x, path) {
    const { groupNorm: groups, eps, affine } = layer;
    const parameters = affine ? addScaleAndShift(trace, x.shape.slice(0, 1), layer, path) : [];
    return trace.graph.apply(groupNormOp, [x, ...parameters], { groups, eps }, path) as never;
  },
  describe: ({ groupNorm: groups }) => `groupNorm of ${groups}`,
};

/** Each element 0 with probability p in training, the others divided by 1 - p. */
export const dropout: LayerKind<LayerOf<'dropout'>> = {
  add: (trace, layer, x, path) => addDropout(trace, layer.dropout, x, path),
  describe: (layer) => `dropout ${layer.dropout}`,
};

/** Adds dropout behind `x`, with the next number of the model's; nothing for p = 0. */
export function addDropout(trace: Trace, p: number, x: GraphNode, path: string): GraphNode {
  const position = trace.dropouts++;
  return p === 0 ? x : (trace.graph.apply(dropoutOp, [x], { p, position }, path) as unknown as GraphNode);
}

function addScale({ graph }: Trace, shape: readonly number[], { init }: WeightOptions, path: string): GraphNode {
  return addParameter(graph, 'weight', shape, init?.weight, { kind: 'constant', value: 1 }, path);
}

function addScaleAndShift(trace: Trace, shape: readonly number[], layer: WeightOptions, path: string): GraphNode[] {
  const shift = { kind: 'constant', value: 0 } as const;
  return [addScale(trace, shape, layer, path), addParameter(trace.graph, 'bias', shape, layer.init?.bias, shift, path)];
}
