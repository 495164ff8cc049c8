import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#src/config/load-config.js';
import { configs, issuesOf, SMALLEST, SMALLEST_TEXT } from './config-cases.ts';

const withOverrides = (...overrides: string[]) => parseConfig(SMALLEST, { overrides });
const issuesWith = (...overrides: string[]) => issuesOf(() => withOverrides(...overrides));

describe('an override', () => {
  it('is the same as the value in the file', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const overrides = Object.entries(config).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
        expect(parseConfig({}, { overrides })).toEqual(parseConfig(config));
        expect(parseConfig({ ...SMALLEST, epochs: 2 }, { overrides })).toEqual(
          parseConfig({ ...('steps' in config ? {} : { epochs: 2 }), ...config }),
        );
      }),
    );
  });

  it('of a nested key is the same as the value in the file', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const overrides = Object.entries(config).flatMap(([key, value]) =>
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? Object.entries(value).map(([inner, leaf]) => `${key}.${inner}=${JSON.stringify(leaf)}`)
            : [`${key}=${JSON.stringify(value)}`],
        );
        expect(parseConfig({}, { overrides })).toEqual(parseConfig(config));
      }),
    );
  });

  it('is YAML', () => {
    expect(withOverrides('data.batchSize=100').data.batchSize).toBe(100);
    expect(withOverrides('model=[{dense: 3}, {dense: 10}]').model).toHaveLength(2);
    expect(withOverrides('description=a = b').description).toBe('a = b');
    expect(withOverrides("description='# 3'").description).toBe('# 3');
    expect(withOverrides('optimizer={ name: sgd, lr: 1e-2 }').optimizer).toMatchObject({ name: 'sgd', lr: 0.01 });
  });

  it('sets an item of a list by its index', () => {
    const model = [{ dense: 32 }, { activation: 'relu' }, { dense: 10 }];
    const config = parseConfig(
      { ...SMALLEST, model },
      { overrides: ['model.0.dense=64', 'model.1={ activation: tanh }'] },
    );
    expect(config.model).toMatchObject([{ dense: 64 }, { activation: 'tanh' }, { dense: 10 }]);
  });

  it('of epochs replaces steps, and of steps epochs', () => {
    const steps = parseConfig({ ...SMALLEST, epochs: 3 }, { overrides: ['steps=7'] });
    expect(steps).toMatchObject({ steps: 7 });
    expect(steps).not.toHaveProperty('epochs');
    const epochs = parseConfig({ ...SMALLEST, steps: 3 }, { overrides: ['epochs=7'] });
    expect(epochs).toMatchObject({ epochs: 7 });
    expect(epochs).not.toHaveProperty('steps');
  });

  it('said twice counts as the last one says', () => {
    expect(withOverrides('epochs=3', 'epochs=4').epochs).toBe(4);
    expect(withOverrides('seed=3', 'seed=4').seed).toBe(4);
  });

  it('of null takes a key away, so that its default holds', () => {
    const given = { ...SMALLEST, clip: { norm: 1 }, seed: 9 };
    const config = parseConfig(given, { overrides: ['clip=null', 'seed=null', 'shards=null'] });
    expect(config).not.toHaveProperty('clip');
    expect(config).toMatchObject({ seed: 1, shards: 8 });
  });

  it.each([
    ['epochs', 'override epochs: expected key=value, got no =; write it as in epochs=3'],
    ['=3', 'override =3: expected a key such as data.batchSize, got ""; write it as in data.batchSize=100'],
    ['a..b=3', 'override a..b=3: expected a key such as data.batchSize, got "a..b"; write it as in data.batchSize=100'],
    ['seed=', 'override seed=: expected a value, got nothing; write seed=null for the default, or put text in quotes'],
    [
      'seed=[1',
      /^override seed=\[1: expected YAML, got what is not: .*; correct it, or put text with : # \[ \{ in quotes$/,
    ],
    ['seed=.inf', 'override seed=.inf: expected a finite number, got .inf; correct the number'],
    [
      'data.batchSize=0',
      'override data.batchSize=0: expected full or a whole number of 1 or more, got 0; correct the value',
    ],
    ['wokers=3', 'override wokers=3: expected a known key, got wokers; did you mean workers?'],
    ['clip={}', 'override clip={} clip.norm: expected norm or value, or both, got nothing; add clip.norm'],
    ['loss.x=3', 'override loss.x=3: expected a mapping in loss, got "crossEntropy"; set loss as a whole'],
    [
      'model.1.dense=3',
      'override model.1.dense=3: expected an index from 0 to 0 in model, got 1; set model as a whole to make it longer',
    ],
    [
      'model.x=3',
      'override model.x=3: expected an index from 0 to 0 in model, got x; set model as a whole to make it longer',
    ],
    [
      'initialWeights.keep=2',
      /^override initialWeights\.keep=2 initialWeights: expected no such key, .*not built yet: remove the key$/,
    ],
    [
      '__proto__.x=3',
      /^override __proto__\.x=3 __proto__: expected a known key, got __proto__; remove it, or use one of name, /,
    ],
  ])('that is wrong says which it is: %s', (override, message) => {
    const issues = issuesWith(override);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(message);
  });

  it('of epochs beside one of steps is refused: one of them would not count', () => {
    expect(issuesWith('epochs=3', 'steps=4')).toEqual([
      'override steps=4: expected epochs or steps, not both, got 4; remove one of them',
    ]);
    expect(issuesWith('steps=4', 'epochs=3')).toEqual([
      'override steps=4: expected epochs or steps, not both, got 4; remove one of them',
    ]);
  });

  it('makes up for what is wrong in the text at the same place', () => {
    expect(parseConfig(`${SMALLEST_TEXT}shards: 0\n`, { overrides: ['shards=3'] }).shards).toBe(3);
  });
});
