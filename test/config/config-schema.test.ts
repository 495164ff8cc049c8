import { describe, expect, it } from 'vitest';
import { parseConfig } from '#src/config/load-config.js';
import { OPTIMIZER_PHRASE } from '#src/optim/optim.schema.js';
import { issuesOf, SMALLEST } from './config-cases.ts';

const issuesWith = (keys: Record<string, unknown>) => issuesOf(() => parseConfig({ ...SMALLEST, ...keys }));
const SYNTHETIC = { source: 'synthetic', samples: 10, features: 3, classes: 2 };
const IDX = { source: 'idx', images: 'a', labels: 'b' };
const CSV = { source: 'csv', file: 'a.csv', target: 'y' };

describe('a config may say', () => {
  it.each([
    ['data', { source: 'mnist', dir: 'fashion', batchSize: 'full' }],
    ['data', { ...SYNTHETIC, features: [1, 28, 28] }],
    ['data', { source: 'synthetic', samples: 10, features: 3, outputs: 1, noise: 0 }],
    ['data', { ...IDX, testImages: 'c', testLabels: 'd', divisor: 16, classes: 10 }],
    ['data', { ...IDX, test: 0.5 }],
    ['data', { ...CSV, target: 0, ignore: ['id', 3], delimiter: ';', header: false, task: 'regression' }],
    ['data', { ...CSV, delimiter: '\t' }],
    ['optimizer', { name: 'sgd', lr: 0, momentum: 0.9, nesterov: true }],
    ['model', [{ flatten: true }, { reshape: [1, 8] }, { activation: 'tanh', name: 'a' }, { dense: 3, bias: false }]],
    ['model', [{ repeat: 2, layers: [{ residual: [{ dense: 3 }], shortcut: [{ sequential: [{ dense: 3 }] }] }] }]],
    ['model', [{ batchNorm: { momentum: 1 } }, { dense: 3 }]],
    ['model', [{ dense: 3, init: { weight: 'orthogonal', bias: { name: 'constant', value: 0.1 } } }]],
    ['model', [{ dense: 3, init: { weight: { name: 'truncNormal', std: 0.02, low: -0.04, high: 0.04 } } }]],
    ['model', { name: 'mlp', hidden: [20, 10], activation: 'tanh', dropout: 0.1 }],
    [
      'model',
      [{ conv: 8, kernel: [3, 5], padding: 'same', groups: 'depthwise', activation: 'silu' }, { batchNorm: true }],
    ],
    [
      'model',
      [{ maxPool: 2 }, { avgPool: [2, 1], stride: 1, countIncludePad: false }, { upsample: 2, mode: 'bilinear' }],
    ],
    [
      'model',
      [{ embedding: 8 }, { attention: 2, causal: true, dropout: 0.1 }, { layerNorm: { eps: 1e-6 } }, { dropout: 0.5 }],
    ],
    [
      'model',
      [
        { activation: 'leakyRelu', negativeSlope: 0.2 },
        { activation: 'gelu', approximate: 'tanh' },
      ],
    ],
    ['model', { name: 'logistic' }],
    ['model', './models/my-model.mjs'],
    ['shards', 65535],
    ['workers', 1024],
    ['seed', Number.MAX_SAFE_INTEGER],
    ['name', 'Größe 2.0_数字-x'],
    ['description', 'two\nlines'],
    ['microBatch', 1],
  ])('%s: %j', (key, value) => {
    expect(issuesWith({ [key]: value })).toEqual([]);
  });
});

describe('a config may not say', () => {
  it.each<[string, unknown, string]>([
    ['seed', -1, 'seed: expected a whole number of 0 or more, got -1'],
    ['shards', 0, 'shards: expected a whole number from 1 to 65535, got 0'],
    ['shards', 65536, 'shards: expected a whole number from 1 to 65535, got 65536'],
    ['workers', 0, 'workers: expected auto or a whole number from 1 to 1024, got 0'],
    ['numerics', 'exact', 'numerics: expected auto, portable or fast, got "exact"'],
    ['microBatch', 0, 'microBatch: expected auto or a whole number of 1 or more, got 0'],
    ['epochs', 0, 'epochs: expected a whole number from 1 to 549755813887, got 0'],
    ['clip', { norm: 0 }, 'clip.norm: expected a number above 0, got 0'],
    ['clip', { value: -1 }, 'clip.value: expected a number above 0, got -1'],
    ['clip', {}, 'clip.norm: expected norm or value, or both, got nothing; add clip.norm'],
    ['averaging', { ema: 1 }, 'averaging.ema: expected a number in [0, 1), got 1'],
    ['averaging', {}, 'averaging.ema: expected a number in [0, 1), got nothing; add averaging.ema'],
    [
      'schedule',
      'cosine',
      'schedule: expected a schedule: constant, step, multiStep, exponential, polynomial, cosine, warmRestarts, ' +
        'oneCycle or reduceOnPlateau, got "cosine"; write { name: cosine }',
    ],
    ['optimizer', 'adam', `optimizer: expected ${OPTIMIZER_PHRASE}, got "adam"; write { name: adam }`],
    [
      'model',
      'cnn',
      'model: expected a list of layers such as [{ dense: 10 }], a family such as { name: mlp }, or the path of a module such as ./my-model.js, got "cnn"; write { name: cnn }',
    ],
    ...[
      { dense: 3, bias: false, init: { bias: 'zeros' } },
      { conv: 3, bias: false, init: { bias: 'zeros' } },
      { attention: 1, bias: false, init: { bias: 'zeros' } },
      { rmsNorm: true, init: { bias: 'zeros' } },
      { layerNorm: { affine: false }, init: { bias: 'zeros' } },
    ].map((layer): [string, unknown, string] => [
      'model',
      [layer],
      'model.0.init: expected first values only of parameters that the layer has, got { bias: "zeros" }',
    ]),
    [
      'model',
      [{ groupNorm: 1, affine: false, init: { weight: 'ones' } }],
      'model.0.init: expected first values only of parameters that the layer has, got { weight: "ones" }',
    ],
    [
      'schedule',
      { name: 'cosin' },
      'schedule.name: expected a schedule: constant, step, multiStep, exponential, polynomial, cosine, warmRestarts, ' +
        'oneCycle or reduceOnPlateau, got "cosin"; did you mean cosine?',
    ],
    [
      'schedule',
      { name: 'multiStep', milestones: [20, 10] },
      'schedule.milestones: expected a list of steps, each above the one before, such as [1000, 2000], got [20, 10]',
    ],
    [
      'schedule',
      { name: 'step' },
      'schedule.stepSize: expected a whole number of 1 or more, got nothing; add schedule.stepSize',
    ],
    ['optimizer', { groups: [] }, 'optimizer.groups: expected a list of at least one group, got []'],
    [
      'optimizer',
      { groups: [{ match: '*', lr: 1, lrScale: 2 }] },
      'optimizer.groups.0.lrScale: expected lr or lrScale, not both, got 2',
    ],
    ['clip', 1, 'clip: expected a mapping with keys such as norm, value, got 1'],
    ['model', [], 'model: expected a list of at least one layer such as [{ dense: 10 }], got []'],
    [
      'model',
      { dense: 10 },
      'model: expected a list of layers such as [{ dense: 10 }], a family such as { name: mlp }, or the path of a module such as ./my-model.js, got { dense: 10 }; ',
    ],
    ['model', ['dense'], 'model.0: expected a layer such as { dense: 10 }, got "dense"'],
    ['model', [{}], 'model.0: expected a layer such as { dense: 10 }, got {}; name its kind: dense, '],
    ['model', [{ dens: 3 }], 'model.0: expected a layer such as { dense: 10 }, got { dens: 3 }; did you mean dense?'],
    [
      'model',
      [{ dense: 3, activation: 'rleu' }],
      'model.0.activation: expected relu, tanh, sigmoid, gelu, silu, leakyRelu, elu, selu, softplus, hardswish, hardsigmoid, mish, softsign or none, got "rleu"; did you mean relu?',
    ],
    [
      'model',
      [{ activation: 'none' }],
      'model.0.activation: expected relu, tanh, sigmoid, gelu, silu, leakyRelu, elu, selu, softplus, hardswish, hardsigmoid, mish or softsign, got "none"',
    ],
    [
      'model',
      [{ residual: [{ dense: 3 }, { dense: -1 }] }],
      'model.0.residual.1.dense: expected a whole number of 1 or more, got -1',
    ],
    [
      'model',
      [{ residual: [{ dens: 3 }] }],
      'model.0.residual.0: expected a layer such as { dense: 10 }, got { dens: 3 }; did you mean dense?',
    ],
    [
      'model',
      [{ repeat: 2, layers: [] }],
      'model.0.layers: expected a list of at least one layer such as [{ dense: 10 }], got []',
    ],
    [
      'model',
      [{ dense: 3, init: { weight: 'kaimingunifrom' } }],
      'model.0.init.weight: expected an initializer: kaimingUniform, ',
    ],
    ['model', [{ dense: 3, init: { weight: 'constant' } }], 'model.0.init.weight: expected an initializer: '],
    [
      'model',
      [{ dense: 3, init: { weight: { name: 'normal', std: -1 } } }],
      'model.0.init.weight.std: expected a number of 0 or more, got -1',
    ],
    [
      'model',
      [{ dense: 3, init: { weight: { name: 'normal', gain: 1 } } }],
      'model.0.init.weight.gain: expected a known key, got gain; remove it: it belongs to ',
    ],
    [
      'model',
      [{ dense: 3, init: { bias: 'orthogonal' } }],
      'model.0.init.bias: expected an initializer of a vector: normal, ',
    ],
    [
      'model',
      [{ dense: 3, init: { weight: { name: 'truncNormal', mean: 9 } } }],
      'model.0.init.weight.mean: expected a mean within 2 std of [low, high], got 9',
    ],
    [
      'model',
      [{ dense: 3, init: { weight: { name: 'uniform', low: 1 } } }],
      'model.0.init.weight.high: expected a number above low, got nothing',
    ],
    ['model', [{ batchNorm: { momentum: 2 } }], 'model.0.batchNorm.momentum: expected a number from 0 to 1, got 2'],
    [
      'model',
      [{ batchNorm: { eps: 1e-3, mommentum: 0.2 } }],
      'model.0.batchNorm.mommentum: expected a known key, got mommentum; did you mean momentum?',
    ],
    [
      'model',
      [{ batchNorm: false }],
      'model.0.batchNorm: expected true, or a mapping with keys such as momentum, eps, affine, got false',
    ],
    ['model', [{ dropout: 1 }], 'model.0.dropout: expected a number in [0, 1), got 1'],
    [
      'model',
      [{ conv: 3, padding: 'valid' }],
      'model.0.padding: expected same, a whole number of 0 or more, or a pair [vertical, horizontal], got "valid"',
    ],
    [
      'model',
      [{ maxPool: [1, 2, 3] }],
      'model.0.maxPool: expected a whole number of 1 or more, or a pair [vertical, horizontal], got [1, 2, 3]',
    ],
    ['model', [{ activation: 'relu', alpha: 2 }], 'model.0.alpha: expected no alpha, which only elu has, got 2'],
    ['model', { name: 'mpl' }, 'model: expected a list of layers such as '],
    ['model', { name: 'mlp', hiden: [3] }, 'model.hiden: expected a known key, got hiden; did you mean hidden?'],
    ['model', './my-model.ts', 'model: expected a list of layers such as '],
    ['model', [{ flatten: false }], 'model.0.flatten: expected true, got false'],
    ['model', [{ reshape: [] }], 'model.0.reshape: expected a shape such as [1, 28, 28], got []'],
    [
      'model',
      [{ dense: 3, name: 'a.b' }],
      'model.0.name: expected a name of letters, digits, _ and -, a letter first, 64 at most, got "a.b"',
    ],
    [
      'optimizer',
      { name: 'sgd', nesterov: true },
      'optimizer.nesterov: expected false, or true with momentum above 0 and dampening 0, got true',
    ],
    [
      'optimizer',
      { name: 'sgd', nesterov: 'yes' },
      'optimizer.nesterov: expected true or false, got "yes"; write true',
    ],
    ['optimizer', { beta1: 1 }, 'optimizer.beta1: expected a number in [0, 1), got 1'],
    ['optimizer', { lr: -0.1 }, 'optimizer.lr: expected a number of 0 or more, got -0.1'],
    [
      'optimizer',
      'adam',
      'optimizer: expected an optimizer: sgd, adam, adamw, nadam, radam, rmsprop, adagrad, lamb or lion, got "adam"',
    ],
    [
      'data',
      'mnist',
      'data: expected a data source: mnist, fashionMnist, digits, breastCancer, diabetes, iris, penguins, wine, mobyDick, firstNames, synthetic, syntheticTokens, idx, npy, npz, arrays, images, csv, jsonl, arrow, text, shards, parquet or flights, got "mnist"',
    ],
    [
      'data',
      { batchSize: 3 },
      'data.source: expected a data source: mnist, fashionMnist, digits, breastCancer, diabetes, iris, penguins, wine, mobyDick, firstNames, synthetic, syntheticTokens, idx, npy, npz, arrays, images, csv, jsonl, arrow, text, shards, parquet or flights, got nothing; add data.source',
    ],
    [
      'data',
      { source: 'digits', validation: 0.5, test: 0.5 },
      'data.test: expected validation and test to sum to less than 1, got 0.5',
    ],
    ['data', { source: 'digits', validation: 1 }, 'data.validation: expected a number in [0, 1), got 1'],
    [
      'data',
      { ...SYNTHETIC, outputs: 3 },
      'data.classes: expected either classes (to classify) or outputs (to regress), one of the two, got 2',
    ],
    [
      'data',
      { ...SYNTHETIC, features: [] },
      'data.features: expected a whole number of 1 or more, or a shape such as [1, 28, 28], got []',
    ],
    ['data', { ...IDX, testImages: 'c' }, 'data.testLabels: expected '],
    [
      'data',
      { ...IDX, testImages: 'c', testLabels: 'd', test: 0.1 },
      'data.test: expected no fraction, as testImages is the test part, got 0.1',
    ],
    ['data', { ...IDX, images: '' }, 'data.images: expected a path, got ""'],
    ['data', { ...IDX, divisor: 1e-60 }, 'data.divisor: expected a number that float32 can hold, got 1e-60'],
    ['data', { ...CSV, target: -1 }, 'data.target: expected a column name or a column index of 0 or more, got -1'],
    ['data', { ...CSV, delimiter: '--' }, 'data.delimiter: expected one character, got "--"'],
    [
      'name',
      '',
      'name: expected a name of letters, digits, blanks and . _ - that starts with a letter or digit, 100 at most, got ""',
    ],
    ['name', '../x', 'name: expected a name of letters'],
    ['name', 'a.', 'name: expected a name of letters'],
    [
      'name',
      7,
      'name: expected a name of letters, digits, blanks and . _ - that starts with a letter or digit, 100 at most, got 7; put it in quotes',
    ],
    ['name', 'Latest', 'name: expected a name other than latest, which is the link to the last run, got "Latest"'],
    ['name', '数'.repeat(90), 'name: expected a name of at most 200 bytes, got '],
    ['description', 'a\u0007', 'description: expected text without control characters, got "a\\u0007"'],
    [
      'evaluation',
      { metric: 'f2' },
      'evaluation.metric: expected auto, loss, or a metric of one number such as accuracy',
    ],
    ['recompute', 1, 'recompute: expected true, false or a whole number of 2 or more, got 1'],
    ['logging', { everySteps: 0 }, 'logging.everySteps: expected auto or a whole number of 1 or more, got 0'],
    [
      'logging',
      { noiseScaleSteps: -1 },
      'logging.noiseScaleSteps: expected auto or a whole number of 0 or more, got -1',
    ],
  ])('%s: %j', (key, value, start) => {
    const issues = issuesWith({ [key]: value });
    expect(issues).toHaveLength(1);
    expect(issues[0].slice(0, start.length)).toBe(start);
    expect(issues[0]).toMatch(/; .+$/);
  });
});
