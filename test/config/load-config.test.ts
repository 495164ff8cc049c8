import { symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError, loadConfig, parseConfig } from '#src/config/load-config.js';
import { configs, issuesOf, SMALLEST, SMALLEST_TEXT, useFolder } from './config-cases.ts';

const write = useFolder();

describe('loadConfig', () => {
  it('fills in every default, PyTorch’s where PyTorch has one', () => {
    const { config } = loadConfig(write('smallest.yaml', SMALLEST_TEXT));
    // Hand-written from DESIGN and torch.optim.Adam's signature.
    expect(config).toEqual({
      name: 'smallest',
      description: '',
      seed: 1,
      data: { source: 'digits', batchSize: 64, validation: 0, shuffle: true, test: 0, split: 'random' },
      shards: 8,
      workers: 'auto',
      maxWorkers: 'auto',
      memory: 'auto',
      numerics: 'auto',
      model: [{ dense: 10, activation: 'none', bias: true }],
      loss: 'crossEntropy',
      microBatch: 'auto',
      optimizer: { name: 'adam', lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, amsgrad: false },
      epochs: 10,
      evaluation: { everyEpochs: 1, metric: 'accuracy', mode: 'max', minDelta: 0 },
      checkpoint: { everySeconds: 60, keep: 2 },
      logging: { everySteps: 'auto', noiseScaleSteps: 'auto' },
      ledger: { everySteps: 1, state: false },
      recovery: { maxRestarts: 20, windowSeconds: 60, deadlineSeconds: 'auto' },
    });
  });

  it('freezes the config to its leaves', () => {
    const { config } = loadConfig(write('frozen.yaml', SMALLEST_TEXT));
    const frozen = [
      config,
      config.data,
      config.model,
      (config.model as readonly object[])[0],
      config.optimizer,
      config.evaluation,
      config.logging,
      config.ledger,
    ];
    expect(frozen.every(Object.isFrozen)).toBe(true);
    expect(() => Object.assign((config.model as readonly object[])[0], { dense: 3 })).toThrow(TypeError);
  });

  it('takes the name from the file where it can be one', () => {
    expect(loadConfig(write('wine.v2.yml', SMALLEST_TEXT)).config.name).toBe('wine.v2');
    expect(loadConfig(write('_.yaml', SMALLEST_TEXT)).config.name).toBe('run');
    expect(loadConfig(write('latest.yaml', SMALLEST_TEXT)).config.name).toBe('run');
    expect(loadConfig(write('other.yaml', `name: mine\n${SMALLEST_TEXT}`)).config.name).toBe('mine');
  });

  it('gives the folder of the file as the one from which relative paths start', () => {
    const file = write('deep/er/a.yaml', SMALLEST_TEXT);
    expect(loadConfig(file).baseDir).toBe(dirname(file));
    expect(loadConfig(relative(process.cwd(), file)).baseDir).toBe(dirname(file));
  });

  it('says of each value where it was said', () => {
    const file = write(
      'sources.yaml',
      'data: { source: synthetic, samples: 9, features: [2, 3], classes: 2 }\nmodel:\n  - dense: 2\nloss: crossEntropy\nepochs: 3\n',
    );
    const { sources } = loadConfig(file, ['epochs=4', 'optimizer={ lr: 0.1 }']);
    expect(sources.get('data.samples')).toBe(`${file}:1:37`);
    expect(sources.get('data.features')).toBe(`${file}:1:50`);
    expect(sources.get('model.0.dense')).toBe(`${file}:3:12`);
    expect(sources.get('model.0.bias')).toBe('default');
    expect(sources.get('epochs')).toBe('override epochs=4');
    expect(sources.get('optimizer.lr')).toBe('override optimizer={ lr: 0.1 }');
    expect(sources.get('optimizer.name')).toBe('default');
    expect(sources.get('evaluation.metric')).toBe('default');
  });

  it('tells everything that is wrong at once, in the order of the file, overrides last', () => {
    const file = write(
      'bad.yaml',
      'loss: hinge\nwokers: 3\nmodel:\n  - dense: 0\n    actvation: relu\ndata: { source: digits, batchSize: 0 }\n',
    );
    expect(issuesOf(() => loadConfig(file, ['shards=0', 'seed=-1']))).toEqual([
      `${file}:1:7 loss: expected a loss: crossEntropy, nll, bceWithLogits, mse, l1, huber, smoothL1 or kl, got "hinge"; correct the value`,
      `${file}:2:1 wokers: expected a known key, got wokers; did you mean workers?`,
      `${file}:4:12 model.0.dense: expected a whole number of 1 or more, got 0; correct the value`,
      `${file}:5:5 model.0.actvation: expected a known key, got actvation; did you mean activation?`,
      `${file}:6:36 data.batchSize: expected full or a whole number of 1 or more, got 0; correct the value`,
      'override shards=0: expected a whole number from 1 to 65535, got 0; correct the value',
      'override seed=-1: expected a whole number of 0 or more, got -1; correct the value',
    ]);
  });

  it('throws an error with exit code 2 whose message is its issues, a line each', () => {
    const file = write('two.yaml', `${SMALLEST_TEXT}shards: 0\nseed: x\n`);
    let error: unknown;
    try {
      loadConfig(file);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ name: 'ConfigError', exitCode: 2 });
    expect((error as ConfigError).message.split('\n')).toEqual((error as ConfigError).issues);
    expect((error as ConfigError).issues).toHaveLength(2);
  });
});

describe('loadConfig refuses a file', () => {
  it('that is not there, with the file that was probably meant', () => {
    const file = write('near/mnist-mlp.yaml', SMALLEST_TEXT);
    const missing = join(dirname(file), 'mnist-mpl.yaml');
    expect(issuesOf(() => loadConfig(missing))).toEqual([
      `${missing}: expected a config file, got no such file; did you mean ${file}?`,
    ]);
    for (const path of ['/no/such/folder/a.yaml', join(file, 'a.yaml')])
      expect(issuesOf(() => loadConfig(path))).toEqual([
        `${path}: expected a config file, got no such file; check the path`,
      ]);
  });

  it('that is a folder', () => {
    const folder = dirname(write('folder/a.yaml', ''));
    expect(issuesOf(() => loadConfig(folder))).toEqual([
      `${folder}: expected a config file, got a folder; name a file in it`,
    ]);
  });

  it('that cannot be read: a link to itself', () => {
    const link = `${write('loop/a.yaml', '')}.link`;
    symlinkSync(link, link);
    expect(issuesOf(() => loadConfig(link))[0]).toMatch(
      /: expected a config file that can be read, got ELOOP.*; check the path and its permissions$/,
    );
  });

  it.each(['', '\n\n', '# only this\n', '---\n'])('that says nothing: %j', (content) => {
    const file = write('empty.yaml', content);
    expect(issuesOf(() => loadConfig(file))).toEqual([
      `${file}: expected a config in YAML, got an empty file; begin with name: my-run`,
    ]);
  });

  it('that is no UTF-8 text', () => {
    const file = write('latin1.yaml', Uint8Array.of(0x6e, 0x3a, 0x20, 0xe9, 0x0a));
    expect(issuesOf(() => loadConfig(file))[0]).toMatch(/got bytes that are not UTF-8 text/);
  });

  it('that is far larger than a config', () => {
    const file = write('large.yaml', `# ${'x'.repeat(1 << 20)}\n${SMALLEST_TEXT}`);
    expect(issuesOf(() => loadConfig(file))[0]).toMatch(/at most 1048576 bytes, got \d+ bytes/);
  });

  it('but not for a byte order mark or CRLF', () => {
    const file = write('windows.yaml', `\ufeff${SMALLEST_TEXT.replaceAll('\n', '\r\n')}seed: x\r\n`);
    expect(issuesOf(() => loadConfig(file))).toEqual([
      `${file}:4:7 seed: expected a whole number of 0 or more, got "x"; correct the value`,
    ]);
  });
});

describe('parseConfig', () => {
  it('resolves an object and the same as YAML or JSON text alike', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const resolved = parseConfig(config);
        expect(parseConfig(JSON.stringify(config))).toEqual(resolved);
        expect(parseConfig(stringify(config))).toEqual(resolved);
      }),
    );
  });

  it('resolves a resolved config to itself', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const resolved = parseConfig(config);
        expect(parseConfig(resolved)).toEqual(resolved);
      }),
    );
  });

  it('takes keys whose value is undefined as not there', () => {
    expect(parseConfig({ ...SMALLEST, clip: undefined, epochs: undefined, steps: 3 })).not.toHaveProperty('clip');
  });

  it('leaves the object that it is given as it was', () => {
    const given = { ...SMALLEST, initialWeights: 'a.safetensors' };
    const before = structuredClone(given);
    issuesOf(() => parseConfig(given, { overrides: ['steps=3', 'model.0.dense=2'] }));
    expect(given).toEqual(before);
    expect(Object.isFrozen(given.model)).toBe(false);
  });

  it.each([
    ['a number that is not finite', { seed: Number.NaN }, 'seed: expected a finite number, got NaN'],
    ['a bigint', { seed: 3n }, 'seed: expected a value that YAML can write, got a bigint'],
    ['a function', { model: () => 3 }, 'model: expected a value that YAML can write, got a function'],
    [
      'a date',
      { description: new Date(0) },
      'description: expected a value that YAML can write, got an object of class Date',
    ],
    ['a map', { data: new Map() }, 'data: expected a value that YAML can write, got an object of class Map'],
    ['a hole in a list', { model: Array(1) }, 'model.0: expected a value that YAML can write, got a undefined'],
  ])('refuses %s, once', (_, keys, start) => {
    const issues = issuesOf(() => parseConfig({ ...SMALLEST, ...keys }));
    expect(issues).toHaveLength(1);
    expect(issues[0].startsWith(start)).toBe(true);
  });

  it('refuses what holds itself', () => {
    const own: Record<string, unknown> = { ...SMALLEST };
    own.data = own;
    expect(issuesOf(() => parseConfig(own))[0]).toMatch(/at most 20000 values in at most 32 levels/);
  });

  it.each([[3], [null], [undefined], [[SMALLEST]], ['- a'], ['words'], [new Date(0)]])(
    'refuses %j, which is no mapping',
    (value) => {
      const issues = issuesOf(() => parseConfig(value));
      expect(issues.at(-1)).toMatch(/^config(?::1:1)?: expected a mapping with keys such as name, data, model, got /);
    },
  );
});
