import { describe, expect, it } from 'vitest';
import type { ConvolutionAttrs } from '#src/graph/convolution.js';
import { createGraph, type Graph } from '#src/graph/graph.js';
import type { GraphNode } from '#src/graph/op.js';
import { add } from '#src/graph/ops/add.js';
import { conv2d } from '#src/graph/ops/conv2d.js';
import { dense } from '#src/graph/ops/dense.js';
import { gelu } from '#src/graph/ops/gelu.js';
import { input } from '#src/graph/ops/input.js';
import { maxPool2d } from '#src/graph/ops/max-pool2d.js';
import { parameter } from '#src/graph/ops/parameter.js';
import { relu } from '#src/graph/ops/relu.js';
import { tanh } from '#src/graph/ops/tanh.js';
import type { PoolingAttrs } from '#src/graph/pooling.js';
import { evaluationForm } from '#src/plan/evaluation-form.js';
import { fuseOps } from '#src/plan/fuse.js';

function start() {
  const graph = createGraph();
  const x = graph.apply(input, [], { shape: [4] }, 'input');
  const attrs = { name: 'weight', shape: [3, 4], initializer: { kind: 'constant', value: 0 } } as const;
  const weight = graph.apply(parameter, [], attrs, 'dense1');
  return { graph, sum: graph.apply(dense, [x, weight], { activation: 'none' }, 'dense1') };
}

describe('fuseOps on dense ops', () => {
  it('moves an activation into the dense op whose only reader it is, under the name of the dense layer', () => {
    const { graph, sum } = start();
    const end = graph.apply(tanh, [graph.apply(relu, [sum], {}, 'relu1')], {}, 'tanh1');
    const fused = fuseOps(graph, end.id);
    const rest = fused.graph.nodes
      .slice(2)
      .map(({ op, layer, attrs, inputs }) => ({ op: op.name, layer, attrs, inputs }));
    expect(rest).toEqual([
      { op: 'dense', layer: 'dense1', attrs: { activation: 'relu' }, inputs: [0, 1] },
      // One activation only: gemm has no second.
      { op: 'tanh', layer: 'tanh1', attrs: {}, inputs: [2] },
    ]);
    expect(fused.loss).toBe(3);
  });

  it('leaves a sum that somebody else reads too', () => {
    const { graph, sum } = start();
    const end = graph.apply(add, [graph.apply(relu, [sum], {}, 'relu1'), sum], {}, 'skip');
    expect(fuseOps(graph, end.id).graph.nodes).toEqual(graph.nodes);
  });
});

/** Images (2, 9, 8) through layers, each the op of one layer, in their order. */
function convolve(settings: Partial<ConvolutionAttrs>, pool: Partial<PoolingAttrs>, order: 'reluFirst' | 'poolFirst') {
  const graph = createGraph();
  const { groups = 1 } = settings;
  const x = graph.apply(input, [], { shape: [2, 9, 8] }, 'input');
  const initializer = { kind: 'constant', value: 0 } as const;
  const weight = graph.apply(parameter, [], { name: 'weight', shape: [4, 2 / groups, 3, 3], initializer }, 'conv1');
  const bias = graph.apply(parameter, [], { name: 'bias', shape: [4], initializer }, 'conv1');
  const attrs = { stride: [1, 1], padding: [1, 0], dilation: [1, 1], groups: 1, ...settings } as const;
  const sum = graph.apply(conv2d, [x, weight, bias], attrs, 'conv1') as never;
  const pooled = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], ...pool } as const;
  const rectify = (from: GraphNode) => graph.apply(relu, [from], {}, 'conv1');
  const takeMaxima = (from: GraphNode) => graph.apply(maxPool2d, [from], pooled, 'pool1') as unknown as GraphNode;
  const end = order === 'reluFirst' ? takeMaxima(rectify(sum)) : rectify(takeMaxima(sum));
  return { graph, sum, end };
}

const opNames = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op.name);

describe('fuseOps on convolutions', () => {
  it.each(['reluFirst', 'poolFirst'] as const)('makes convolution, ReLU and 2 x 2 maxima one op: %s', (order) => {
    const { graph, end } = convolve({}, {}, order);
    const fused = fuseOps(graph, end.id);
    expect(opNames(fused.graph)).toEqual(['input', 'parameter', 'parameter', 'poolIndices', 'convReluPool']);
    const last = fused.graph.nodes[fused.loss];
    expect(last).toMatchObject({ layer: 'conv1', inputs: [0, 1, 3, 2], attrs: { padding: [1, 0] } });
    expect(last.shape).toEqual(graph.nodes[end.id].shape);
  });

  it.each<[string, Partial<ConvolutionAttrs>, Partial<PoolingAttrs>]>([
    ['strides', { stride: [1, 2] }, {}],
    ['dilation', { dilation: [2, 1] }, {}],
    ['groups', { groups: 2 }, {}],
    ['other windows', {}, { kernel: [2, 3] }],
    ['windows that overlap', {}, { stride: [1, 2] }],
    ['padded windows', {}, { padding: [1, 0] }],
  ])('leaves what its kernel has not: %s', (_title, settings, pool) => {
    const { graph, end } = convolve(settings, pool, 'reluFirst');
    expect(opNames(fuseOps(graph, end.id).graph)).not.toContain('convReluPool');
  });

  it('moves ReLU alone into a convolution, which keeps its settings', () => {
    const { graph, end } = convolve({ stride: [2, 1] }, { kernel: [3, 3] }, 'reluFirst');
    const fused = fuseOps(graph, end.id).graph;
    expect(opNames(fused)).toEqual(['input', 'parameter', 'parameter', 'conv2d', 'maxPool2d']);
    expect(fused.nodes[3]).toMatchObject({ layer: 'conv1', inputs: [0, 1, 2] });
    expect(fused.nodes[3].attrs).toEqual({
      stride: [2, 1],
      padding: [1, 0],
      dilation: [1, 1],
      groups: 1,
      activation: 'relu',
    });
  });

  it('leaves ReLU behind a convolution with groups, whose kernel has none', () => {
    const { graph, end } = convolve({ groups: 2 }, {}, 'reluFirst');
    expect(opNames(fuseOps(graph, end.id).graph)).toEqual(opNames(graph));
  });

  it('leaves a map that somebody else reads too', () => {
    const { graph, sum, end } = convolve({}, {}, 'reluFirst');
    const other = graph.apply(relu, [sum], {}, 'relu1');
    expect(opNames(fuseOps(graph, Math.max(end.id, other.id)).graph)).not.toContain('convReluPool');
  });
});

describe('fuseOps on GELU', () => {
  it.each(['none', 'tanh'] as const)(
    'keeps the slope (%s), whose gradient is a product; evaluation has the op itself',
    (approximate) => {
      const { graph, sum } = start();
      const end = graph.apply(gelu, [sum], { approximate }, 'gelu1');
      const fused = fuseOps(graph, end.id);
      expect(opNames(fused.graph).slice(-2)).toEqual(['geluSlope', 'geluWithSlope']);
      const last = fused.graph.nodes[fused.loss];
      expect(last).toMatchObject({ layer: 'gelu1', inputs: [last.id - 2, last.id - 1], attrs: { approximate } });
      const evaluation = evaluationForm(fused.graph, fused.loss);
      expect(evaluation.graph.nodes[evaluation.loss]).toMatchObject({ attrs: { approximate }, inputs: [last.id - 2] });
      expect(evaluation.graph.nodes[evaluation.loss].op.name).toBe('gelu');
    },
  );
});
