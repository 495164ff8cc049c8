// What the tests of configs share: a small valid config, the issues of a refusal, files in a folder of their own, configs drawn at random.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll } from 'vitest';
import { ConfigError } from '#src/config/load-config.js';

/** The keys that have no default. */
export const SMALLEST = { data: { source: 'digits' }, model: [{ dense: 10 }], loss: 'crossEntropy' };

/** The same as text: data on line 1, model on line 2, loss on line 3. */
export const SMALLEST_TEXT = 'data: { source: digits }\nmodel: [ { dense: 10 } ]\nloss: crossEntropy\n';

/** The issues with which `action` is refused; none where it is not. */
export function issuesOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

/** Makes files in a new folder that goes after the tests; returns a function from a name and content to a path. */
export function useFolder(): (name: string, content: string | Uint8Array) => string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return (name, content) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
}

const optional = { requiredKeys: [] };
const layerName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/);
const positive = fc.integer({ min: 1, max: 5000 });
// Multiples of 1/1024, as float32 and text hold them; sums of two of them stay below 1.
const part = fc.integer({ min: 0, max: 500 }).map((k) => k / 1024);
const rate = fc.double({ min: 0, max: 10, noNaN: true }).filter((x) => x === 0 || x > 1e-30);
const text = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((value) => !/[^\P{Cc}\t\n]|\p{Cs}/u.test(value));

const commonData = {
  batchSize: fc.oneof(fc.constant('full'), positive),
  validation: part,
  test: part,
  shuffle: fc.boolean(),
  augment: fc.array(
    fc.oneof(
      fc.record({ flip: fc.constantFrom('horizontal', 'vertical'), probability: part }),
      fc.record({ crop: fc.integer({ min: 1, max: 9 }), fill: fc.constantFrom('zero', 'edge', 'reflect') }),
      fc.record({ scale: fc.constantFrom(0.25, [0.5, 2]) }),
      fc.record({ mixup: fc.constantFrom(0.2, 1) }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
};
const data = fc.oneof(
  fc.record({ source: fc.constant('digits'), ...commonData }, { requiredKeys: ['source'] }),
  fc.record(
    {
      source: fc.constant('synthetic'),
      samples: positive,
      features: fc.oneof(positive, fc.array(positive, { minLength: 1, maxLength: 3 })),
      classes: fc.integer({ min: 2, max: 300 }),
      noise: rate,
      ...commonData,
    },
    { requiredKeys: ['source', 'samples', 'features', 'classes'] },
  ),
  fc.record(
    {
      source: fc.constant('csv'),
      file: text.filter((value) => value.length > 0),
      target: fc.oneof(
        fc.nat(20),
        text.filter((value) => value.length > 0),
      ),
      header: fc.oneof(fc.constant('auto'), fc.boolean()),
      ignore: fc.array(
        fc.oneof(
          fc.nat(20),
          text.filter((value) => value.length > 0),
        ),
        { maxLength: 3 },
      ),
      ...commonData,
    },
    { requiredKeys: ['source', 'file', 'target'] },
  ),
);
const initializer = fc.oneof(
  fc.constantFrom('orthogonal', 'kaimingNormal', 'ones'),
  fc.record({ name: fc.constant('normal'), std: rate }, { requiredKeys: ['name'] }),
  fc.record({ name: fc.constant('xavierUniform'), gain: rate }),
);
const flatLayer = fc.oneof(
  fc.record(
    {
      dense: positive,
      activation: fc.constantFrom('relu', 'tanh', 'sigmoid', 'none'),
      bias: fc.boolean(),
      name: layerName,
    },
    { requiredKeys: ['dense'] },
  ),
  fc.record(
    { activation: fc.constantFrom('relu', 'tanh', 'sigmoid'), name: layerName },
    { requiredKeys: ['activation'] },
  ),
  fc.record({ flatten: fc.constant(true), name: layerName }, { requiredKeys: ['flatten'] }),
  fc.record({ reshape: fc.array(positive, { minLength: 1, maxLength: 3 }) }),
  fc.record(
    {
      conv: positive,
      kernel: fc.oneof(positive, fc.tuple(positive, positive)),
      padding: fc.constantFrom('same', 0, [1, 2]),
      init: fc.record(
        { weight: initializer, bias: fc.constantFrom('zeros', { name: 'constant', value: 0.5 }) },
        optional,
      ),
    },
    { requiredKeys: ['conv'] },
  ),
  fc.record({ batchNorm: fc.oneof(fc.constant(true), fc.record({ momentum: part, eps: positive }, optional)) }),
  fc.record({ attention: positive, causal: fc.boolean(), dropout: part }, { requiredKeys: ['attention'] }),
);
const family = fc.oneof(
  fc.record({ name: fc.constant('mlp'), hidden: fc.array(positive), dropout: part }, { requiredKeys: ['name'] }),
  fc.record(
    { name: fc.constant('cnn'), batchNorm: fc.boolean(), dense: fc.oneof(positive, fc.array(positive)) },
    { requiredKeys: ['name'] },
  ),
  fc.constantFrom({ name: 'linear' }, { name: 'gpt', width: 12, heads: 3 }, './models/my model.js'),
);
const layers = fc.letrec((tie) => ({
  list: fc.array(fc.oneof({ maxDepth: 2 }, flatLayer, tie('nested')), { minLength: 1, maxLength: 4 }),
  nested: fc.oneof(
    fc.record({ residual: tie('list'), shortcut: tie('list'), name: layerName }, { requiredKeys: ['residual'] }),
    fc.record({ sequential: tie('list') }),
    fc.record({ repeat: fc.integer({ min: 1, max: 9 }), layers: tie('list') }),
  ),
})).list;
const optimizer = fc.oneof(
  fc.record({ name: fc.constant('sgd'), lr: rate, momentum: rate, weightDecay: rate }, { requiredKeys: ['name'] }),
  fc.record({ name: fc.constant('adam'), lr: rate, beta1: part, eps: rate }, optional),
  fc.record({ name: fc.constant('adamw'), weightDecay: rate }, { requiredKeys: ['name'] }),
  fc.record(
    {
      name: fc.constantFrom('nadam', 'radam', 'lamb', 'lion', 'rmsprop', 'adagrad'),
      weightDecay: rate,
      groups: fc.array(fc.record({ match: fc.constantFrom('*.bias', 'dense1.weight'), frozen: fc.boolean() }), {
        minLength: 1,
        maxLength: 2,
      }),
    },
    { requiredKeys: ['name'] },
  ),
);
const length = fc.oneof(fc.constant({}), fc.record({ epochs: positive }), fc.record({ steps: positive }));
const others = fc.record(
  {
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,30}[A-Za-z0-9]$/).filter((name) => name !== 'latest'),
    description: text,
    seed: fc.maxSafeNat(),
    shards: fc.integer({ min: 1, max: 65535 }),
    workers: fc.oneof(fc.constant('auto'), fc.integer({ min: 1, max: 64 })),
    numerics: fc.constantFrom('auto', 'portable', 'fast'),
    microBatch: fc.oneof(fc.constant('auto'), positive),
    recompute: fc.constantFrom(true, false, 3),
    optimizer,
    clip: fc.record({ norm: positive, value: positive }, { requiredKeys: ['norm'] }),
    averaging: fc.record({ ema: part }),
    evaluation: fc.record(
      { everyEpochs: positive, metric: fc.constantFrom('auto', 'loss'), mode: fc.constantFrom('min', 'max') },
      optional,
    ),
    logging: fc.record(
      { everySteps: fc.oneof(fc.constant('auto'), positive), noiseScaleSteps: fc.constantFrom('auto', 0, 7) },
      optional,
    ),
  },
  optional,
);

/** Valid configs of all kinds, most keys now said and now left out. */
export const configs: fc.Arbitrary<Record<string, unknown>> = fc
  .record({
    data,
    model: fc.oneof({ weight: 3, arbitrary: layers }, family),
    loss: fc.constantFrom('crossEntropy', 'mse'),
  })
  .chain((needed) => fc.tuple(others, length).map(([rest, end]) => ({ ...needed, ...rest, ...end })));
