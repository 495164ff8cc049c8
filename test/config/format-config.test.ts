import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatConfig } from '#src/config/format-config.js';
import { loadConfig, parseConfig } from '#src/config/load-config.js';
import { configs, SMALLEST, useFolder } from './config-cases.ts';

const write = useFolder();

describe('formatConfig', () => {
  it('writes a value a line, each with where it was said', () => {
    const file = write(
      'small.yaml',
      'data: { source: digits }\nmodel:\n  - dense: 8\n    activation: relu\n  - dense: 10\nloss: crossEntropy\n',
    );
    const text = formatConfig(loadConfig(file, ['steps=4', 'description=why: because'.replace(': ', '; ')]));
    expect(text.replaceAll(file, 'FILE').replaceAll(/ +#/g, ' #')).toBe(`name: small # default
description: why; because # override description=why; because
seed: 1 # default
data:
  source: digits # FILE:1:17
  batchSize: 64 # default
  validation: 0 # default
  shuffle: true # default
  test: 0 # default
  split: random # default
shards: 8 # default
workers: auto # default
maxWorkers: auto # default
memory: auto # default
numerics: auto # default
model:
  - dense: 8 # FILE:3:12
    activation: relu # FILE:4:17
    bias: true # default
  - dense: 10 # FILE:5:12
    activation: none # default
    bias: true # default
loss: crossEntropy # FILE:6:7
microBatch: auto # default
optimizer:
  name: adam # default
  lr: 0.001 # default
  beta1: 0.9 # default
  beta2: 0.999 # default
  eps: 1e-8 # default
  weightDecay: 0 # default
  amsgrad: false # default
steps: 4 # override steps=4
evaluation:
  everyEpochs: 1 # default
  metric: accuracy # default
  mode: max # default
  minDelta: 0 # default
checkpoint:
  everySeconds: 60 # default
  keep: 2 # default
logging:
  everySteps: auto # default
  noiseScaleSteps: auto # default
ledger:
  everySteps: 1 # default
  state: false # default
recovery:
  maxRestarts: 20 # default
  windowSeconds: 60 # default
  deadlineSeconds: auto # default
`);
  });

  it('puts comments in one column, but for lines that are too long for it', () => {
    const description = 'a sentence that is longer than any column of comments could be, as it goes on';
    const text = formatConfig(
      loadConfig(
        write(
          'wide.yaml',
          `description: ${description}\n${'data: { source: digits }\nmodel: [ { dense: 10 } ]\nloss: crossEntropy\n'}`,
        ),
      ),
    );
    const columns = text
      .trimEnd()
      .split('\n')
      .filter((line) => line.includes(' # ') && !line.startsWith('description'));
    expect(new Set(columns.map((line) => line.indexOf(' # '))).size).toBe(1);
    expect(text).toMatch(new RegExp(`^description: "?${description}"? # /`, 'm'));
  });

  it.each([
    '\u00a0',
    'a\u3000',
    '\u2028b\u2029',
    '\ufeff',
    ' a ',
    '# no',
    'a: b',
    'a #b',
    '- a',
    '~',
    'null',
    '12',
    '',
    '\t',
    'a\n',
    '\n\na\n b',
  ])('keeps a text with blanks or signs of YAML as it is: %j', (description) => {
    const config = parseConfig({ ...SMALLEST, description });
    expect(parseConfig(formatConfig({ config })).description).toBe(description);
    const sources = new Map([['description', 'default']]);
    expect(parseConfig(formatConfig({ config, sources })).description).toBe(description);
  });

  it('writes what is read as the same config', () => {
    fc.assert(
      fc.property(configs, (keys) => {
        const config = parseConfig(keys);
        const text = formatConfig({ config });
        expect(parseConfig(text)).toEqual(config);
        // Another reader of YAML options than ours.
        expect(parse(text)).toEqual(config);
      }),
    );
  });

  it('writes with comments what is read as the same config, whatever an override says', () => {
    fc.assert(
      fc.property(configs, fc.string({ maxLength: 200 }), (keys, text) => {
        const file = write('any.yaml', JSON.stringify(keys));
        const description = `description=${JSON.stringify(text.replace(/\p{Cc}|\p{Cs}/gu, ''))}`;
        const loaded = loadConfig(file, [description]);
        expect(parseConfig(formatConfig(loaded))).toEqual(loaded.config);
      }),
      { numRuns: 50 },
    );
  });
});
