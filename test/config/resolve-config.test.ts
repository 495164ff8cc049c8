import { describe, expect, it } from 'vitest';
import { parseConfig } from '#src/config/load-config.js';
import { issuesOf, SMALLEST, SMALLEST_TEXT } from './config-cases.ts';

const issuesWith = (keys: Record<string, unknown>) => issuesOf(() => parseConfig({ ...SMALLEST, ...keys }));
const evaluationOf = (keys: Record<string, unknown>) => parseConfig({ ...SMALLEST, ...keys }).evaluation;

describe('evaluation', () => {
  it('of auto watches accuracy for crossEntropy and the loss for mse', () => {
    expect(evaluationOf({})).toEqual({ everyEpochs: 1, metric: 'accuracy', mode: 'max', minDelta: 0 });
    expect(evaluationOf({ loss: 'mse' })).toEqual({ everyEpochs: 1, metric: 'loss', mode: 'min', minDelta: 0 });
    expect(evaluationOf({ evaluation: { metric: 'auto', everyEpochs: 5 } })).toEqual({
      everyEpochs: 5,
      metric: 'accuracy',
      mode: 'max',
      minDelta: 0,
    });
  });

  it('takes the mode of its metric, unless one is said', () => {
    expect(evaluationOf({ evaluation: { metric: 'loss' } })).toMatchObject({ metric: 'loss', mode: 'min' });
    expect(evaluationOf({ evaluation: { metric: 'accuracy', mode: 'min' } })).toMatchObject({ mode: 'min' });
  });

  it('has no accuracy for mse', () => {
    expect(issuesWith({ loss: 'mse', evaluation: { metric: 'accuracy' } })).toEqual([
      'evaluation.metric: expected auto, loss, r2, mae or rmse, as mse has no accuracy, got "accuracy"; use another metric or another loss',
    ]);
  });
});

describe('the length of a run', () => {
  it('is epochs or steps, 10 epochs where neither is said', () => {
    expect(parseConfig(SMALLEST)).toMatchObject({ epochs: 10 });
    expect(parseConfig({ ...SMALLEST, steps: 5 })).not.toHaveProperty('epochs');
    expect(issuesWith({ epochs: 3, steps: 4 })).toEqual([
      'steps: expected epochs or steps, not both, got 4; remove one of them',
    ]);
  });

  it('is at most what the 39 bits of a step in the protocol hold', () => {
    expect(parseConfig({ ...SMALLEST, steps: 2 ** 39 - 1 }).steps).toBe(2 ** 39 - 1);
    for (const key of ['steps', 'epochs'])
      expect(issuesWith({ [key]: 2 ** 39 })).toEqual([
        `${key}: expected a whole number from 1 to 549755813887, got 549755813888; correct the value`,
      ]);
  });
});

describe('keys of several parts', () => {
  it('may not have more workers than maxWorkers', () => {
    expect(issuesWith({ workers: 9, maxWorkers: 8 })).toEqual([
      'maxWorkers: expected 9 or more, as workers is 9, got 8; raise it, or lower workers',
    ]);
    expect(issuesWith({ workers: 8, maxWorkers: 8 })).toEqual([]);
    expect(issuesWith({ workers: 9 })).toEqual([]);
  });
});

describe('what comes later', () => {
  it.each([
    ['initialWeights', 'a.safetensors'],
    ['logging.tensorboard', false],
  ])('is refused by name, once, whatever its value: %s', (path, value) => {
    const [outer, inner] = path.split('.');
    const issues = issuesWith({ [outer]: inner === undefined ? value : { [inner]: value } });
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(
      new RegExp(`^${path.replace('.', '\\.')}: expected no such key, got .*; .* not built yet: remove the key$`),
    );
  });

  it('is refused beside what else is wrong', () => {
    expect(
      issuesWith({ initialWeights: 'a.safetensors', shards: 0, evaluation: { patience: 0, everyEpochs: 0 } }),
    ).toHaveLength(4);
  });

  it('names optimizers and layers too', () => {
    expect(issuesWith({ optimizer: { name: 'lars', alpha: 0.9 } })).toEqual([
      'optimizer.name: expected an optimizer: sgd, adam, adamw, nadam, radam, rmsprop, adagrad, lamb or lion, got "lars"; lars is not built yet',
    ]);
    expect(issuesWith({ model: [{ conv1d: 8 }, { dense: 10 }, { residual: [{ lstm: 5 }] }] })).toEqual([
      'model.0: expected a layer such as { dense: 10 }, got conv1d; conv1d is not built yet',
      'model.2.residual.0: expected a layer such as { dense: 10 }, got lstm; lstm is not built yet',
    ]);
  });
});

describe('an unknown key', () => {
  it.each([
    ['nmae', 1, 'did you mean name?'],
    ['worker', 1, 'did you mean workers?'],
    ['micro_batch', 1, 'did you mean microBatch?'],
    ['Seed', 1, 'did you mean seed?'],
    ['batchSize', 1, 'did you mean data.batchSize?'],
    ['batch_size', 1, 'did you mean data.batchSize?'],
    ['lr', 1, 'did you mean optimizer.lr?'],
    ['data.batchSize', 1, 'write it nested, as in data: { batchSize: … }'],
    ['quux', 1, /^remove it, or use one of name, description, seed, data, .*, ledger, recovery, faults$/],
  ])('says what was probably meant: %s', (key, value, advice) => {
    const [issue, ...more] = issuesWith({ [key]: value });
    expect(more).toEqual([]);
    const shown = key.includes('.') ? JSON.stringify(key) : key;
    expect(issue.startsWith(`${shown}: expected a known key, got ${shown}; `)).toBe(true);
    expect(issue.slice(issue.indexOf('; ') + 2)).toMatch(advice);
  });

  it('says which source, optimizer or layer it belongs to', () => {
    expect(issuesWith({ data: { source: 'mnist', test: 0.1 } })).toEqual([
      'data.test: expected a known key, got test; remove it: it belongs to digits, breastCancer, diabetes, iris, penguins, wine, mobyDick, firstNames, synthetic, syntheticTokens, idx, npy, npz, arrays, images, csv, jsonl, arrow, text, shards, parquet, flights, not to mnist',
    ]);
    expect(issuesWith({ data: { source: 'iris', file: 'a.csv' } })).toEqual([
      'data.file: expected a known key, got file; remove it: it belongs to npz, images, csv, jsonl, arrow, text, parquet, not to iris',
    ]);
    expect(issuesWith({ optimizer: { momentum: 0.9 } })).toEqual([
      'optimizer.momentum: expected a known key, got momentum; remove it: it belongs to sgd, rmsprop, not to adam',
    ]);
    expect(issuesWith({ model: [{ dense: 3, flatten: true }] })).toEqual([
      'model.0.flatten: expected a known key, got flatten; give that layer an item of its own',
    ]);
    expect(issuesWith({ model: [{ flatten: true, bias: false }] })).toEqual([
      'model.0.bias: expected a known key, got bias; remove it: it belongs to dense, conv, convTranspose, attention, linear, not to flatten',
    ]);
  });
});

describe('a key that is missing', () => {
  it('is told where it should have stood', () => {
    expect(issuesOf(() => parseConfig('seed: 3\n', { file: 'a.yaml' }))).toEqual([
      'a.yaml:1:1 data: expected a data source: mnist, fashionMnist, digits, breastCancer, diabetes, iris, penguins, wine, mobyDick, firstNames, synthetic, syntheticTokens, idx, npy, npz, arrays, images, csv, jsonl, arrow, text, shards, parquet or flights, got nothing; add data',
      'a.yaml:1:1 model: expected a list of layers such as [{ dense: 10 }], a family such as { name: mlp }, or the path of a module such as ./my-model.js, got nothing; add model',
      'a.yaml:1:1 loss: expected a loss: crossEntropy, nll, bceWithLogits, mse, l1, huber, smoothL1 or kl, got nothing; add loss',
    ]);
    expect(issuesOf(() => parseConfig(`${SMALLEST_TEXT}clip: {}\n`, { file: 'a.yaml' }))).toEqual([
      'a.yaml:4:7 clip.norm: expected norm or value, or both, got nothing; add clip.norm',
    ]);
  });
});
