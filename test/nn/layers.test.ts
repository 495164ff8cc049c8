// Oracles: shapes and parameter counts of PyTorch's layers, worked out by hand; for attention PyTorch's formula in plain loops.
import { describe, expect, it } from 'vitest';
import { buildModel, type SampleSpec } from '#src/nn/build-model.js';
import { layersSchema } from '#src/nn/layers.schema.js';
import { compilePlan } from '#src/plan/compile.js';
import { BACKENDS, PlanBench } from '../plan/plan-bench.ts';

const images = (...shape: number[]): SampleSpec => ({ input: { shape }, target: { kind: 'class', classes: 2 } });
const TOKENS: SampleSpec = {
  input: { shape: [5], storage: 'i32', classes: 11 },
  target: { kind: 'class', classes: 11, shape: [5] },
};

/** The layers' rows and the shapes of all parameters and statistics; a dense layer is put behind where the outputs need one. */
function build(layers: object[], samples: SampleSpec, head: object[] = [{ dense: 2, bias: false, name: 'head' }]) {
  const { graph, layers: rows } = buildModel(layersSchema.parse([...layers, ...head]), 'crossEntropy', samples);
  const arrays = graph.nodes
    .filter(({ op, layer }) => (op.source === 'parameter' || op.source === 'statistic') && layer !== 'head')
    .map(({ layer, attrs, shape }) => [`${layer}.${attrs.name}`, shape]);
  return { rows, arrays: Object.fromEntries(arrays), output: rows[layers.length - 1].outputShape };
}

describe('a layer has the arrays and the output shape of its PyTorch counterpart', () => {
  it.each<[object, SampleSpec, Record<string, number[]>, number[]]>([
    [
      { conv: 8, kernel: [3, 5], stride: 2, padding: [1, 2] },
      images(4, 9, 9),
      { 'conv1.weight': [8, 4, 3, 5], 'conv1.bias': [8] },
      [8, 5, 5],
    ],
    [
      { conv: 8, kernel: 4, padding: 'same', bias: false },
      images(4, 9, 7),
      { 'conv1.weight': [8, 4, 4, 4] },
      [8, 9, 7],
    ],
    [
      { conv: 8, kernel: 3, padding: 'same', dilation: 2 },
      images(4, 9, 7),
      { 'conv1.weight': [8, 4, 3, 3], 'conv1.bias': [8] },
      [8, 9, 7],
    ],
    [{ conv: 8, groups: 'depthwise' }, images(4, 9, 9), { 'conv1.weight': [8, 1, 3, 3], 'conv1.bias': [8] }, [8, 7, 7]],
    [{ conv: 8, groups: 2 }, images(4, 9, 9), { 'conv1.weight': [8, 2, 3, 3], 'conv1.bias': [8] }, [8, 7, 7]],
    // (5 - 1) 2 - 2 + (3 - 1) + 1 + 1 = 10
    [
      { convTranspose: 6, stride: 2, padding: 1, outputPadding: 1 },
      images(4, 5, 5),
      { 'convTranspose1.weight': [4, 6, 3, 3], 'convTranspose1.bias': [6] },
      [6, 10, 10],
    ],
    [{ maxPool: 3, stride: 2, padding: 1 }, images(4, 7, 7), {}, [4, 4, 4]],
    [{ avgPool: [2, 3] }, images(4, 7, 7), {}, [4, 3, 2]],
    [{ globalAvgPool: true }, images(4, 7, 7), {}, [4]],
    [{ globalMaxPool: true }, images(4, 7, 7), {}, [4]],
    [{ upsample: [2, 3], mode: 'bilinear' }, images(4, 7, 7), {}, [4, 14, 21]],
    [
      { batchNorm: true },
      images(4, 7, 7),
      { 'batchNorm1.weight': [4], 'batchNorm1.bias': [4], 'batchNorm1.runningMean': [4], 'batchNorm1.runningVar': [4] },
      [4, 7, 7],
    ],
    [{ batchNorm: { affine: false } }, images(6), { 'batchNorm1.runningMean': [6], 'batchNorm1.runningVar': [6] }, [6]],
    [
      { layerNorm: { axes: 2 } },
      images(4, 7, 6),
      { 'layerNorm1.weight': [7, 6], 'layerNorm1.bias': [7, 6] },
      [4, 7, 6],
    ],
    [{ rmsNorm: true }, images(4, 7), { 'rmsNorm1.weight': [7] }, [4, 7]],
    [{ groupNorm: 2 }, images(4, 7, 7), { 'groupNorm1.weight': [4], 'groupNorm1.bias': [4] }, [4, 7, 7]],
    [{ linear: 6, activation: 'gelu' }, images(5, 4), { 'linear1.weight': [6, 4], 'linear1.bias': [6] }, [5, 6]],
    [{ dense: 6 }, images(5, 4), { 'dense1.weight': [6, 20], 'dense1.bias': [6] }, [6]],
    [
      { attention: 2, bias: false },
      images(5, 4),
      { 'attention1.qkv.weight': [12, 4], 'attention1.projection.weight': [4, 4] },
      [5, 4],
    ],
    [{ positionEmbedding: true }, images(5, 4), { 'positionEmbedding1.weight': [5, 4] }, [5, 4]],
    [{ transpose: [2, 0, 1] }, images(3, 4, 5), {}, [5, 3, 4]],
  ])('%j', (layer, samples, arrays, output) => {
    const built = build([layer], samples);
    expect(built.arrays).toEqual(arrays);
    expect(built.output).toEqual(output);
  });

  it('embedding, with the rows of the data or more', () => {
    const head = [{ linear: 11, bias: false, name: 'head' }];
    expect(build([{ embedding: 6 }], TOKENS, head).arrays).toEqual({ 'embedding1.weight': [11, 6] });
    expect(build([{ embedding: 6, vocabulary: 16 }], TOKENS, head).arrays).toEqual({ 'embedding1.weight': [16, 6] });
  });
});

describe('first values', () => {
  const initializersOf = (layers: object[], samples: SampleSpec, head?: object[]) =>
    buildModel(layersSchema.parse([...layers, ...(head ?? [{ dense: 2 }])]), 'crossEntropy', samples)
      .graph.nodes.filter(({ op }) => op.source === 'parameter')
      .map(({ attrs }) => attrs.initializer);

  it('of a convolution are uniform within 1/√(channels · kernel), of norms ones and zeros, of an embedding standard normal', () => {
    const bound = 1 / Math.sqrt(4 * 3 * 5);
    const uniform = { kind: 'uniform', low: -bound, high: bound };
    const layers = [{ conv: 8, kernel: [3, 5] }, { batchNorm: true }];
    const [one, zero] = [1, 0].map((value) => ({ kind: 'constant', value }));
    expect(initializersOf(layers, images(4, 9, 9)).slice(0, 4)).toEqual([uniform, uniform, one, zero]);
    const [table] = initializersOf([{ embedding: 6 }], TOKENS, [{ linear: 11 }]);
    expect(table).toEqual({ kind: 'normal', mean: 0, std: 1 });
  });

  it('are what init says, of attention those of the projection too', () => {
    const init = { weight: { name: 'normal', std: 0.02 }, projection: 'zeros', bias: 'ones' };
    const [qkv, qkvBias, projection] = initializersOf([{ attention: 2, init }], images(5, 4));
    expect([qkv, qkvBias, projection]).toEqual([
      { kind: 'normal', mean: 0, std: 0.02 },
      { kind: 'constant', value: 1 },
      { kind: 'constant', value: 0 },
    ]);
  });
});

describe('dropout layers', () => {
  it('are numbered over the whole model, so that no two have the same mask', () => {
    const layers = [{ dropout: 0.1 }, { residual: [{ dropout: 0.2 }] }, { repeat: 2, layers: [{ dropout: 0.3 }] }];
    const { graph } = buildModel(layersSchema.parse([...layers, { dense: 2 }]), 'crossEntropy', images(6));
    const dropouts = graph.nodes.filter(({ op }) => op.name === 'dropout');
    expect(dropouts.map(({ attrs }) => attrs)).toEqual([
      { p: 0.1, position: 0 },
      { p: 0.2, position: 1 },
      { p: 0.3, position: 2 },
      { p: 0.3, position: 3 },
    ]);
  });
});

describe.each(BACKENDS)('attention on %s', (backend) => {
  it('is softmax(Q Kᵀ / √size) V of each head between two linear layers', () => {
    const [tokens, width, heads] = [3, 4, 2];
    const spec = {
      name: 'values',
      samples: 1,
      input: { shape: [tokens, width], storage: 'f32' as const, divisor: 1 },
      target: { kind: 'values' as const, storage: 'f32' as const, shape: [tokens, width] },
    };
    const model = buildModel(layersSchema.parse([{ attention: heads, causal: true, bias: false }]), 'mse', spec);
    const plan = compilePlan(model, { numerics: 'portable', microBatch: 'auto', largestShardRows: 1, dataset: spec });
    const numbers = (count: number, seed: number) => Array.from({ length: count }, (_, i) => Math.sin(seed + 7 * i));
    const x = numbers(tokens * width, 1);
    const [qkv, projection] = [numbers(3 * width * width, 2), numbers(width * width, 3)];
    const bench = new PlanBench(plan, { spec, inputs: x, targets: numbers(tokens * width, 4) }, backend);
    bench.setParameter('attention1.qkv.weight', qkv);
    bench.setParameter('attention1.projection.weight', projection);
    bench.evaluate([0]);
    const y = attend(x, qkv, projection, { tokens, width, heads });
    const loss = y.reduce((sum, value, i) => sum + (value - Math.sin(4 + 7 * i)) ** 2, 0);
    // About 100 f32 roundings of numbers of the size of 1.
    expect(Math.abs(bench.sums[0] - loss)).toBeLessThan(1e-5 * loss);
  });
});

function attend(
  x: number[],
  qkv: number[],
  projection: number[],
  { tokens, width, heads }: { tokens: number; width: number; heads: number },
): number[] {
  const times = (row: number[], weights: number[], units: number) =>
    Array.from({ length: units }, (_, u) =>
      row.reduce((sum, value, i) => sum + value * weights[u * row.length + i], 0),
    );
  const rows = Array.from({ length: tokens }, (_, t) => times(x.slice(t * width, (t + 1) * width), qkv, 3 * width));
  const size = width / heads;
  return rows.flatMap((row, t) => {
    const seen = Array.from({ length: width }, (_, c) => {
      const first = Math.floor(c / size) * size;
      const scores = rows.slice(0, t + 1).map((other) => {
        let product = 0;
        for (let e = first; e < first + size; e++) product += row[e] * other[width + e];
        return Math.exp(product / Math.sqrt(size));
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      return scores.reduce((sum, score, s) => sum + (score / total) * rows[s][2 * width + c], 0);
    });
    return times(seen, projection, width);
  });
}

describe('a layer refuses', () => {
  it.each<[string, object[], SampleSpec, string]>([
    [
      'a convolution of vectors',
      [{ conv: 3 }],
      images(7),
      'conv1: expected samples of shape (…,channels,height,width), got (-1,7); reshape it before this layer',
    ],
    [
      'padding same with a stride',
      [{ conv: 3, padding: 'same', stride: 2 }],
      images(1, 7, 7),
      'conv1: expected stride 1 for padding same, got 2x2; give the padding as a number',
    ],
    [
      'groups that do not divide',
      [{ conv: 3, groups: 2 }],
      images(3, 7, 7),
      'conv1: expected channels that divide into 2 groups, got 3; change one of the two',
    ],
    [
      'an embedding of numbers',
      [{ embedding: 3 }],
      images(7),
      'embedding1: expected data of tokens, or a vocabulary, got inputs (-1,7) without one; use data of tokens or set vocabulary',
    ],
    [
      'a vocabulary that is too small',
      [{ embedding: 3, vocabulary: 10 }],
      TOKENS,
      "embedding1: expected a vocabulary of at least the data's 11 tokens, got 10; raise it or leave it out",
    ],
    [
      'attention of tokens',
      [{ attention: 2 }],
      TOKENS,
      'attention1: expected a sequence of vectors (-1,tokens,width), got tokens (-1,5); put an embedding before it, or reshape it',
    ],
    [
      'heads that do not divide',
      [{ attention: 3 }],
      images(5, 4),
      'attention1: expected a width that divides into 3 heads, got 4 of (-1,5,4); change one of the two',
    ],
    [
      'a linear layer of tokens',
      [{ linear: 3 }],
      TOKENS,
      'linear1: expected a tensor of f32 numbers, got i32 of shape (-1,5)',
    ],
  ])('%s', (_title, layers, samples, message) => {
    expect(() => build(layers, samples)).toThrow(message);
  });
});
