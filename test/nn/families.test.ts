// Oracle: parameter counts worked out by hand from PyTorch's layers.
import { describe, expect, it } from 'vitest';
import { buildModel, type SampleSpec } from '#src/nn/build-model.js';
import { familyLayers } from '#src/nn/families.js';
import { type FamilyConfig, modelSchema } from '#src/nn/nn.schema.js';

const MNIST: SampleSpec = { input: { shape: [1, 28, 28] }, target: { kind: 'class', classes: 10 } };
const CIFAR: SampleSpec = { input: { shape: [3, 32, 32] }, target: { kind: 'class', classes: 10 } };
const TEXT: SampleSpec = {
  input: { shape: [1024], storage: 'i32', classes: 50257 },
  target: { kind: 'class', classes: 50257, shape: [1024] },
};
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
    // 1·32·9 + 32, 32·64·9 + 64, 64·7·7·128 + 128, 128·10 + 10
    [
      'a CNN of two convolutions',
      { name: 'cnn', channels: [32, 64], dense: 128 },
      MNIST,
      320 + 18_496 + 401_536 + 1290,
    ],
    // Two numbers a channel of the batch norm in place of one bias.
    [
      'a CNN with batch norm',
      { name: 'cnn', batchNorm: true, dense: [128] },
      MNIST,
      320 + 18_496 + 401_536 + 1290 + 32 + 64,
    ],
    // The ResNet-20 of He et al. with option B, as the usual PyTorch implementations count it.
    ['ResNet-20', { name: 'resnet', stages: [3, 3, 3], width: 16 }, CIFAR, 272_474],
    // Hugging Face's and nanoGPT's GPT-2, 124,439,808 with its head tied to the embedding; ours is its own.
    ['GPT-2 small', { name: 'gpt', layers: 12, width: 768, heads: 12 }, TEXT, 124_439_808 + 50_257 * 768],
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

  it('has dropout behind each hidden layer, and one output to tell two classes apart by bceWithLogits', () => {
    const two: SampleSpec = { ...MNIST, target: { kind: 'class', classes: 2 } };
    const layers = familyLayers(family({ name: 'mlp', hidden: [4], dropout: 0.5 }), 'bceWithLogits', two);
    expect(layers).toMatchObject([{ dense: 4 }, { dropout: 0.5 }, { dense: 1 }]);
  });

  it.each([
    [
      { name: 'cnn' },
      'model: expected images (channels,height,width) for cnn, got inputs of shape (5); use data of images, or model.name: mlp',
    ],
    [
      { name: 'gpt' },
      'model: expected sequences of tokens and labels for gpt, got inputs of shape (5) in f32; use data of tokens, or another family',
    ],
  ])('refuses data that %j cannot learn', (options, message) => {
    expect(() => familyLayers(family(options), 'mse', VALUES)).toThrow(message);
  });

  it('refuses values for logistic', () => {
    expect(() => familyLayers(family({ name: 'logistic' }), 'mse', VALUES)).toThrow(
      'model: expected data with class labels for logistic, got values of shape (3,2); set model.name: linear, or use data with labels',
    );
  });
});
