// Oracle: parameter counts worked out by hand from PyTorch's layers.
import { describe, expect, it } from 'vitest';
import { buildModel, type SampleSpec } from '#src/nn/build-model.js';
import { familyLayers } from '#src/nn/families.js';
import { type FamilyConfig, modelSchema } from '#src/nn/nn.schema.js';

const MNIST: SampleSpec = { input: { shape: [1, 28, 28] }, target: { kind: 'class', classes: 10 } };
const VALUES: SampleSpec = { input: { shape: [5] }, target: { kind: 'values', shape: [3, 2] } };

const family = (options: object): FamilyConfig => modelSchema.parse(options) as FamilyConfig;
const countOf = (options: object, samples: SampleSpec, loss: 'crossEntropy' | 'mse' = 'crossEntropy'): number =>
  buildModel(family(options), loss, samples).layers.reduce((sum, { parameters }) => sum + parameters, 0);

describe('a family has the parameters of', () => {
  it.each<[string, object, SampleSpec, number]>([
    ['an MLP 784-512-256-10', { name: 'mlp', hidden: [512, 256] }, MNIST, 785 * 512 + 513 * 256 + 257 * 10],
    ['an MLP with the default hidden layer', { name: 'mlp' }, MNIST, 785 * 128 + 129 * 10],
    ['a linear layer', { name: 'linear' }, MNIST, 7850],
    ['logistic regression', { name: 'logistic' }, MNIST, 7850],
  ])('%s', (_title, options, samples, parameters) => {
    expect(countOf(options, samples)).toBe(parameters);
  });

  it('as many outputs as the targets have numbers, in their shape', () => {
    expect(countOf({ name: 'linear' }, VALUES, 'mse')).toBe(6 * 6);
  });
});

describe('familyLayers', () => {
  it('gives the list that a config would have', () => {
    const layers = familyLayers(family({ name: 'mlp', hidden: [20], activation: 'tanh' }), 'mse', VALUES);
    expect(layers).toEqual([
      { dense: 20, activation: 'tanh', bias: true },
      { dense: 6, activation: 'none', bias: true },
      { reshape: [3, 2] },
    ]);
  });

  it('refuses values for logistic', () => {
    expect(() => familyLayers(family({ name: 'logistic' }), 'mse', VALUES)).toThrow(
      'model: expected data with class labels for logistic, got values of shape (3,2); set model.name: linear, or use data with labels',
    );
  });
});
