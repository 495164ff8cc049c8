// Every kind of layer through whole runs: the bits do not depend on the number of workers. Oracle: the one-worker run.
import { describe, expect, it } from 'vitest';
import { verify } from '#src/index.js';
import { LAYER_KINDS } from '#src/nn/layers.schema.js';
import { smallConfig } from './small-config.ts';

const IMAGES = { source: 'synthetic', samples: 60, features: [3, 6, 6], classes: 3, batchSize: 24 };
const VECTORS = { source: 'synthetic', samples: 60, features: 8, classes: 3, batchSize: 24 };
const TOKENS = { source: 'syntheticTokens', samples: 40, length: 5, vocabulary: 7, batchSize: 16 };
const HEAD = { dense: 3 };

const MODELS: [string, object, object[] | object][] = [
  [
    'dense, activations',
    VECTORS,
    [{ dense: 6, activation: 'gelu' }, { activation: 'elu', alpha: 0.5 }, { activation: 'mish' }, HEAD],
  ],
  ['conv, maxPool', IMAGES, [{ conv: 4, padding: 'same', activation: 'relu' }, { maxPool: 2 }, HEAD]],
  [
    'conv, relu and maxPool as one op, rows and columns left over',
    { ...IMAGES, features: [1, 7, 9] },
    [
      { conv: 9, padding: 'same', activation: 'relu' },
      { maxPool: 2 },
      { conv: 3, kernel: 2, activation: 'relu' },
      HEAD,
    ],
  ],
  [
    'conv with an even kernel, groups',
    IMAGES,
    [{ conv: 6, kernel: [2, 4], padding: 'same', groups: 3 }, { avgPool: [2, 3], stride: 2 }, HEAD],
  ],
  [
    'depthwise conv, batchNorm',
    IMAGES,
    [{ conv: 3, groups: 'depthwise', bias: false }, { batchNorm: true }, { activation: 'hardswish' }, HEAD],
  ],
  [
    'convTranspose, upsample',
    IMAGES,
    [
      { convTranspose: 2, stride: 2, outputPadding: 1, activation: 'silu' },
      { upsample: 2 },
      { globalAvgPool: true },
      HEAD,
    ],
  ],
  ['globalMaxPool, groupNorm', IMAGES, [{ conv: 4 }, { groupNorm: 2 }, { globalMaxPool: true }, HEAD]],
  [
    'layerNorm, rmsNorm, dropout',
    VECTORS,
    [{ dense: 8 }, { layerNorm: true }, { dropout: 0.3 }, { dense: 8 }, { rmsNorm: true }, { dropout: 0.2 }, HEAD],
  ],
  [
    'batchNorm of vectors',
    VECTORS,
    [{ dense: 6 }, { batchNorm: { momentum: 0.2 } }, { activation: 'leakyRelu' }, HEAD],
  ],
  [
    'reshape, positionEmbedding, attention, linear',
    VECTORS,
    [
      { reshape: [4, 2] },
      { linear: 6 },
      { positionEmbedding: true },
      { residual: [{ layerNorm: true }, { attention: 2, causal: true, dropout: 0.1 }] },
      HEAD,
    ],
  ],
  [
    'transpose, softmax, logSoftmax, flatten',
    VECTORS,
    [
      { reshape: [4, 2] },
      { transpose: [1, 0] },
      { softmax: true },
      { flatten: true },
      { dense: 5 },
      { logSoftmax: true },
      HEAD,
    ],
  ],
  [
    'residual with a shortcut, sequential, repeat',
    IMAGES,
    [
      { residual: [{ conv: 4, padding: 1 }], shortcut: [{ conv: 4, kernel: 1 }] },
      {
        sequential: [
          { maxPool: 2 },
          { repeat: 2, layers: [{ residual: [{ conv: 4, padding: 1 }, { batchNorm: true }] }] },
        ],
      },
      HEAD,
    ],
  ],
  [
    'embedding',
    TOKENS,
    [{ embedding: 4 }, { positionEmbedding: true }, { linear: 6, activation: 'tanh' }, { linear: 7 }],
  ],
  ['gpt', TOKENS, { name: 'gpt', layers: 2, width: 6, heads: 2, dropout: 0.1 }],
  ['mlp with dropout', VECTORS, { name: 'mlp', hidden: [6, 5], dropout: 0.2 }],
  ['cnn', IMAGES, { name: 'cnn', channels: [4, 5], batchNorm: true, dense: 6, dropout: 0.1 }],
  ['resnet', IMAGES, { name: 'resnet', stages: [1, 1], width: 3 }],
];

describe('the same config gives the same bits with 1, 2 and 3 workers', () => {
  it.each(MODELS)('%s', async (_title, data, model) => {
    const config = smallConfig({ data, model, shards: 3, epochs: undefined, steps: 4 });
    const { isSame, runs } = await verify(config, { steps: 4, workerCounts: [1, 2, 3] });
    expect(isSame, JSON.stringify(runs)).toBe(true);
    expect(runs.every(({ steps, loss }) => steps === 4 && Number.isFinite(loss))).toBe(true);
  });

  it('all kinds of layers are among these models', () => {
    const text = JSON.stringify(MODELS);
    expect(LAYER_KINDS.filter((kind) => !text.includes(`"${kind}":`))).toEqual([]);
  });
});
