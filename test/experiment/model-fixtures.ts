// models.safetensors → PyTorch's three trainings as our configs, datasets and parameter names.
import type { Dataset } from '#src/data/dataset.js';
import { parseConfig, type TrainConfig } from '#src/index.js';
import { openFixture } from '../graph/fixtures.ts';

const field = openFixture('models');

/** A stored training: PyTorch's numbers by our names. */
export interface ModelFixture {
  name: string;
  steps: number;
  batch: number;
  config(keys?: Record<string, unknown>): TrainConfig;
  dataset: Dataset;
  /** Our names of parameters and running statistics → PyTorch's. */
  names: Record<string, string>;
  /** Our name of an array of which only a part, or nothing, has a true gradient → the elements whose gradient is 0 in exact arithmetic. */
  noise: Record<string, readonly [begin: number, end: number]>;
  values(what: 'init' | 'grad0' | 'final', theirName: string): ArrayLike<number>;
  losses: ArrayLike<number>;
  evaluationOutputs: ArrayLike<number>;
}

interface Description {
  steps: number;
  batch: number;
  keys: Record<string, unknown>;
  input: Dataset['spec']['input'];
  target: Dataset['spec']['target'];
  names: Record<string, string>;
  noise: ModelFixture['noise'];
}

const images = { shape: [1, 28, 28], storage: 'f32', divisor: 1 } as const;
const clothes = { kind: 'class', storage: 'i32', classes: 10 } as const;

/** weight and bias of a layer. */
const pair = (ours: string, theirs: string) => ({
  [`${ours}.weight`]: `${theirs}.weight`,
  [`${ours}.bias`]: `${theirs}.bias`,
});

const normalized = (ours: string, theirs: string) => ({
  ...pair(ours, theirs),
  [`${ours}.runningMean`]: `${theirs}.running_mean`,
  [`${ours}.runningVar`]: `${theirs}.running_var`,
});

const block = (i: number) => ({
  ...pair(`block.${i + 1}.residual1.layerNorm1`, `blocks.${i}.ln1`),
  ...pair(`block.${i + 1}.residual1.attention1.qkv`, `blocks.${i}.qkv`),
  ...pair(`block.${i + 1}.residual1.attention1.projection`, `blocks.${i}.proj`),
  ...pair(`block.${i + 1}.residual2.layerNorm1`, `blocks.${i}.ln2`),
  ...pair(`block.${i + 1}.residual2.linear1`, `blocks.${i}.fc`),
  ...pair(`block.${i + 1}.residual2.linear2`, `blocks.${i}.out`),
});

const DESCRIPTIONS: Record<string, Description> = {
  mlp_fashion: {
    steps: 32,
    batch: 64,
    keys: {
      model: [{ flatten: true }, { dense: 64, activation: 'relu' }, { dense: 10 }],
      optimizer: { name: 'sgd', lr: 0.1, momentum: 0.9 },
    },
    input: { ...images, shape: [...images.shape] },
    target: clothes,
    names: { ...pair('dense1', '1'), ...pair('dense2', '3') },
    noise: {},
  },
  cnn_bn_fashion: {
    steps: 16,
    batch: 32,
    keys: {
      shards: 1,
      model: [
        ...[8, 16].flatMap((channels) => [
          { conv: channels, kernel: 3, padding: 1 },
          { batchNorm: true },
          { activation: 'relu' },
          { maxPool: 2 },
        ]),
        { dense: 10 },
      ],
      optimizer: { name: 'adam', lr: 0.001 },
    },
    input: { ...images, shape: [...images.shape] },
    target: clothes,
    names: {
      ...pair('conv1', '0'),
      ...normalized('batchNorm1', '1'),
      ...pair('conv2', '4'),
      ...normalized('batchNorm2', '5'),
      ...pair('dense1', '9'),
    },
    // A bias in front of a batch norm is taken out by it.
    noise: { 'conv1.bias': [0, 8], 'conv2.bias': [0, 16] },
  },
  gpt_char: {
    steps: 24,
    batch: 16,
    keys: {
      model: [
        { embedding: 32 },
        { positionEmbedding: true },
        {
          repeat: 2,
          name: 'block',
          layers: [
            { residual: [{ layerNorm: true }, { attention: 4, causal: true }] },
            { residual: [{ layerNorm: true }, { linear: 128, activation: 'gelu' }, { linear: 32 }] },
          ],
        },
        { layerNorm: true },
        { linear: 27, bias: false },
      ],
      optimizer: { name: 'adamw', lr: 0.003, weightDecay: 0.1 },
    },
    input: { shape: [16], storage: 'i32', divisor: 1, classes: 27 },
    target: { kind: 'class', storage: 'i32', classes: 27, shape: [16] },
    names: {
      'embedding1.weight': 'wte.weight',
      'positionEmbedding1.weight': 'wpe.weight',
      ...block(0),
      ...block(1),
      ...pair('layerNorm1', 'lnf'),
      'linear1.weight': 'head.weight',
    },
    // The keys' bias adds the same to all scores of a query.
    noise: {
      'block.1.residual1.attention1.qkv.bias': [32, 64],
      'block.2.residual1.attention1.qkv.bias': [32, 64],
    },
  },
};

/** The trainings of the file, by name. */
export const MODEL_FIXTURES: readonly ModelFixture[] = Object.entries(DESCRIPTIONS).map(([name, description]) => {
  const { steps, batch, keys, input, target, names, noise } = description;
  const [x, y] = [field(`${name}/x`).values, field(`${name}/y`).values];
  const samples = field(`${name}/x`).shape[0];
  return {
    name,
    steps,
    batch,
    names,
    noise,
    dataset: {
      spec: { name, samples, input, target },
      parts: {
        train: Uint32Array.from({ length: samples }, (_, i) => i),
        validation: new Uint32Array(),
        test: new Uint32Array(),
      },
      warnings: [],
      preprocessing: {},
      sampleName: (id) => `sample ${id}`,
      fill(inputs, targets) {
        inputs.set(x);
        targets.set(y);
      },
    },
    config: (changed = {}) =>
      parseConfig({
        name,
        // Only the batches' size and order are taken from here: the samples come from the file.
        data: { source: 'synthetic', samples, features: 1, classes: 2, batchSize: batch, shuffle: false },
        numerics: 'portable',
        loss: 'crossEntropy',
        steps,
        ...keys,
        ...changed,
      }),
    values: (what, theirName) => field(`${name}/${what}/${theirName}`).values,
    losses: field(`${name}/losses`).values,
    evaluationOutputs: field(`${name}/eval_out`).values,
  };
});
