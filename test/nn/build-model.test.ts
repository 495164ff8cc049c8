import { describe, expect, it } from 'vitest';
import { ModelError } from '#src/graph/model-error.js';
import { buildModel, type SampleSpec } from '#src/nn/build-model.js';
import type { LayerConfig, LossName } from '#src/nn/nn.schema.js';

const MNIST: SampleSpec = { input: { shape: [1, 28, 28] }, target: { kind: 'class', classes: 10 } };
const VALUES: SampleSpec = { input: { shape: [5] }, target: { kind: 'values', shape: [3] } };

const dense = (units: number, rest: { name?: string; bias?: boolean } = {}): LayerConfig => ({
  dense: units,
  activation: 'none',
  bias: true,
  ...rest,
});

const refusal = (layers: LayerConfig[], loss: LossName, samples: SampleSpec): string => {
  try {
    buildModel(layers, loss, samples);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as Error).message;
  }
  return expect.fail('expected a ModelError');
};

describe('buildModel', () => {
  it('names layers after their kind and their number among those of that kind', () => {
    const layers: LayerConfig[] = [
      { reshape: [4, 196] },
      { flatten: true },
      dense(8),
      { activation: 'relu' },
      dense(8, { name: 'middle' }),
      { activation: 'tanh' },
      { activation: 'relu' },
      dense(10),
    ];
    const { layers: rows } = buildModel(layers, 'crossEntropy', MNIST);
    expect(rows).toEqual([
      { name: 'reshape1', kind: 'reshape', outputShape: [4, 196], parameters: 0 },
      { name: 'flatten1', kind: 'flatten', outputShape: [784], parameters: 0 },
      { name: 'dense1', kind: 'dense', outputShape: [8], parameters: 784 * 8 + 8 },
      { name: 'relu1', kind: 'relu', outputShape: [8], parameters: 0 },
      { name: 'middle', kind: 'dense', outputShape: [8], parameters: 72 },
      { name: 'tanh1', kind: 'tanh', outputShape: [8], parameters: 0 },
      { name: 'relu2', kind: 'relu', outputShape: [8], parameters: 0 },
      { name: 'dense3', kind: 'dense', outputShape: [10], parameters: 90 },
    ]);
  });

  it('gives parameters the shapes and the initialisation of nn.Linear', () => {
    const { graph } = buildModel([dense(10), dense(10, { bias: false })], 'crossEntropy', MNIST);
    const parameters = graph.nodes.filter(({ op }) => op.source === 'parameter');
    const uniform = (features: number) => ({
      kind: 'uniform',
      low: -1 / Math.sqrt(features),
      high: 1 / Math.sqrt(features),
    });
    expect(parameters.map(({ layer, attrs }) => ({ layer, ...attrs }))).toEqual([
      { layer: 'dense1', name: 'weight', shape: [10, 784], initializer: uniform(784) },
      { layer: 'dense1', name: 'bias', shape: [10], initializer: uniform(784) },
      { layer: 'dense2', name: 'weight', shape: [10, 10], initializer: uniform(10) },
    ]);
  });

  it('shows accuracy with labels and the squared error with values', () => {
    expect(buildModel([dense(10)], 'crossEntropy', MNIST).metric).toBe('accuracy');
    expect(buildModel([dense(3)], 'mse', VALUES).metric).toBe('mse');
  });

  it('allows more outputs than classes', () => {
    expect(() => buildModel([dense(12)], 'crossEntropy', MNIST)).not.toThrow();
  });

  it('takes targets of any shape that the outputs have', () => {
    const samples: SampleSpec = { ...VALUES, target: { kind: 'values', shape: [2, 2] } };
    expect(() => buildModel([dense(4), { reshape: [2, 2] }], 'mse', samples)).not.toThrow();
  });

  it.each<[string, LayerConfig[], LossName, SampleSpec, string]>([
    [
      'fewer outputs than classes',
      [dense(9)],
      'crossEntropy',
      MNIST,
      'dense1: expected outputs of shape (-1,10) for labels 0 to 9 of shape (-1), got (-1,9); end the model with { dense: 10 }',
    ],
    [
      'cross-entropy of an image',
      [dense(20), { reshape: [2, 10] }],
      'crossEntropy',
      MNIST,
      'reshape1: expected outputs of shape (-1,10) for labels 0 to 9 of shape (-1), got (-1,2,10); end the model with { dense: 10 }',
    ],
    [
      'cross-entropy with values',
      [dense(3)],
      'crossEntropy',
      VALUES,
      'loss: expected class labels for crossEntropy, got values of shape (3); set loss: mse, or use data with labels',
    ],
    [
      'a squared error with labels',
      [dense(10)],
      'mse',
      MNIST,
      'loss: expected values for mse, got class labels 0 to 9; set loss: crossEntropy, or use data with values',
    ],
    [
      "a squared error of another shape than the targets'",
      [dense(4, { name: 'head' })],
      'mse',
      VALUES,
      "head: expected outputs of the targets' shape (-1,3), got (-1,4); end the model with { dense: 3 }",
    ],
    [
      'a reshape that does not fit',
      [{ reshape: [10, 10] }, dense(10)],
      'crossEntropy',
      MNIST,
      'reshape1: expected a shape of 784 elements, as (-1,1,28,28) has, got (-1,10,10) with 100; change one of the two',
    ],
    [
      'a model without parameters',
      [{ activation: 'relu' }, { flatten: true }],
      'crossEntropy',
      MNIST,
      'model: expected at least one layer with parameters, got relu, flatten; add a dense layer',
    ],
    [
      'two layers of one name',
      [dense(5, { name: 'a' }), dense(10, { name: 'a' })],
      'crossEntropy',
      MNIST,
      'model[1]: expected a layer name of its own, got a, the name of model[0] too; set another name',
    ],
    [
      'a name that an unnamed layer has already',
      [dense(5), dense(10, { name: 'dense1' })],
      'crossEntropy',
      MNIST,
      'model[1]: expected a layer name of its own, got dense1, the name of model[0] too; set another name',
    ],
    [
      'a name of the plan',
      [dense(10, { name: 'loss' })],
      'crossEntropy',
      MNIST,
      'model[0]: expected a layer name of its own, got loss, a reserved name; set another name',
    ],
    [
      'a layer that no memory could hold',
      [dense(2 ** 40)],
      'mse',
      VALUES,
      'dense1: expected at most 2147483647 elements in weight, got (1099511627776,5) with 5497558138880; use a smaller layer',
    ],
  ])('refuses %s', (_title, layers, loss, samples, message) => {
    expect(refusal(layers, loss, samples)).toBe(message);
  });
});
