import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalConfig, configSha256, JOINED_LATER } from '#src/config/config-hash.js';
import { parseConfig } from '#src/config/load-config.js';
import type { TrainConfig } from '#src/config/train-config.js';
import { configs, SMALLEST } from './config-cases.ts';

const hashOf = (keys: Record<string, unknown> = {}) => configSha256(parseConfig({ ...SMALLEST, ...keys }), 'portable');

/** The same values, the keys of every mapping in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversed(child)]),
  );
}

describe('configSha256', () => {
  it('is the SHA-256 of this text for the smallest config, so that no release changes it unnoticed', () => {
    // Written by hand from DESIGN's list of keys: sorted by code unit, no blanks, every default filled in.
    const text =
      '{"data":{"batchSize":64,"shuffle":true,"source":"digits","test":0,"validation":0},"epochs":10,' +
      '"evaluation":{"everyEpochs":1,"metric":"accuracy","mode":"max"},"loss":"crossEntropy","microBatch":"auto",' +
      '"model":[{"activation":"none","bias":true,"dense":10}],"numerics":"portable",' +
      '"optimizer":{"beta1":0.9,"beta2":0.999,"eps":1e-8,"lr":0.001,"name":"adam","weightDecay":0},"seed":1,"shards":8}';
    expect(canonicalConfig(parseConfig(SMALLEST), 'portable')).toBe(text);
    expect(hashOf()).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it.each([
    ['seed', { seed: 2 }],
    ['data', { data: { source: 'digits', batchSize: 65 } }],
    ['shards', { shards: 9 }],
    ['model', { model: [{ dense: 11 }] }],
    ['loss', { loss: 'mse', evaluation: { metric: 'loss' } }],
    ['optimizer', { optimizer: { lr: 0.0010000001 } }],
    ['clip', { clip: { norm: 1 } }],
    ['clip by value', { clip: { value: 1 } }],
    ['averaging', { averaging: { ema: 0.9 } }],
    ['schedule', { schedule: { name: 'cosine' } }],
    ['groups', { optimizer: { groups: [{ match: '*', frozen: true }] } }],
    ['lrReferenceBatch', { optimizer: { lrReferenceBatch: 256 } }],
    ['amsgrad', { optimizer: { amsgrad: true } }],
    ['microBatch', { microBatch: 8 }],
    ['epochs', { epochs: 11 }],
    ['steps', { steps: 10 }],
    ['evaluation', { evaluation: { mode: 'min' } }],
  ])('changes with %s', (_, keys) => {
    expect(hashOf(keys)).not.toBe(hashOf());
  });

  it('changes with what numerics has become, not with what the config says of it', () => {
    const hashes = (['auto', 'portable', 'fast'] as const).flatMap((numerics) => {
      const config = parseConfig({ ...SMALLEST, numerics });
      return [configSha256(config, 'portable'), configSha256(config, 'fast')];
    });
    expect(new Set(hashes).size).toBe(2);
  });

  it.each([
    ['name', { name: 'other' }],
    ['description', { description: 'other' }],
    ['workers', { workers: 3 }],
    ['maxWorkers', { maxWorkers: 30 }],
    ['logging', { logging: { everySteps: 3, noiseScaleSteps: 0 } }],
    ['a default that is said', { optimizer: { name: 'adam', beta1: 0.9 }, shards: 8, epochs: 10 }],
  ])('does not change with %s', (_, keys) => {
    expect(hashOf(keys)).toBe(hashOf());
  });

  it('does not change with where the data lie', () => {
    const csv = (file: string) => ({ data: { source: 'csv', file, target: 'y' } });
    expect(hashOf(csv('a.csv'))).toBe(hashOf(csv('/data/b.csv')));
    const idx = (dir: string) => ({
      data: { source: 'idx', images: `${dir}/a`, labels: `${dir}/b`, testImages: `${dir}/c`, testLabels: `${dir}/d` },
    });
    expect(hashOf(idx('x'))).toBe(hashOf(idx('y')));
    expect(hashOf({ data: { source: 'mnist', dir: 'fashion' } })).toBe(hashOf({ data: { source: 'mnist' } }));
    expect(hashOf({ data: { source: 'csv', file: 'a.csv', target: 'z' } })).not.toBe(hashOf(csv('a.csv')));
  });

  it('does not change with the order of keys', () => {
    fc.assert(
      fc.property(configs, (config) => {
        expect(configSha256(parseConfig(reversed(config)), 'fast')).toBe(configSha256(parseConfig(config), 'fast'));
        const resolved = parseConfig(config);
        expect(configSha256(reversed(resolved) as TrainConfig, 'fast')).toBe(configSha256(resolved, 'fast'));
      }),
    );
  });

  it('is different for configs that differ in a hashed key', () => {
    fc.assert(
      fc.property(configs, configs, (a, b) => {
        const texts = [a, b].map((config) => canonicalConfig(parseConfig(config), 'fast'));
        const hashes = [a, b].map((config) => configSha256(parseConfig(config), 'fast'));
        expect(hashes[0] === hashes[1]).toBe(texts[0] === texts[1]);
      }),
    );
  });

  it('leaves out a key that joined later, at the value that means as before', () => {
    const before = parseConfig({ ...SMALLEST, model: [{ dense: 3 }, { dense: 10 }] });
    const text = canonicalConfig(before, 'fast');
    // What a later release would resolve the same config to.
    const withKeys = (amsgrad: boolean, isFrozen: boolean) =>
      ({
        ...before,
        optimizer: { ...before.optimizer, amsgrad },
        model: (before.model as readonly object[]).map((layer) => ({ ...layer, isFrozen })),
      }) as unknown as TrainConfig;
    const joined = { ...JOINED_LATER, 'optimizer.amsgrad': false, 'model.*.isFrozen': false };
    expect(canonicalConfig(withKeys(false, false), 'fast', joined)).toBe(text);
    expect(canonicalConfig(withKeys(true, false), 'fast', joined)).not.toBe(text);
    expect(canonicalConfig(withKeys(false, true), 'fast', joined)).not.toBe(text);
  });
});
