// What `evaluation.metric` and `evaluation.metrics` may say, by the loss.
import { describe, expect, it } from 'vitest';
import { canonicalConfig } from '#src/config/config-hash.js';
import { formatConfig } from '#src/config/format-config.js';
import { parseConfig } from '#src/config/load-config.js';
import { issuesOf, SMALLEST } from './config-cases.ts';

const parse = (evaluation: object, loss: unknown = 'crossEntropy') => parseConfig({ ...SMALLEST, loss, evaluation });
const issuesWith = (evaluation: object, loss?: unknown) => issuesOf(() => parse(evaluation, loss));

describe('evaluation.metrics', () => {
  it('are kept once each, and leave no trace where there are none', () => {
    const config = parse({ metrics: ['f1', 'top5', 'f1'] });
    expect(config.evaluation).toEqual({
      everyEpochs: 1,
      metric: 'accuracy',
      mode: 'max',
      minDelta: 0,
      metrics: ['f1', 'top5'],
    });
    expect(parseConfig(formatConfig({ config }))).toEqual(config);
    expect(canonicalConfig(parse({ metrics: [] }), 'fast')).toBe(canonicalConfig(parseConfig(SMALLEST), 'fast'));
  });

  it.each<[object, unknown, string]>([
    [{ metrics: ['r2'] }, 'crossEntropy', 'evaluation.metrics.0: expected accuracy, precision, recall, '],
    [
      { metrics: ['mae', 'f1'] },
      { name: 'huber' },
      'evaluation.metrics.1: expected r2, mae or rmse, as huber has no f1, got "f1"; use another metric or another loss',
    ],
    [{ metrics: ['mae'] }, 'kl', 'evaluation.metrics.0: expected no metrics, as kl has no mae, got "mae"; '],
    [{ metrics: ['top3'] }, 'bceWithLogits', 'evaluation.metrics.0: expected accuracy, '],
    [
      { metric: 'rocAuc' },
      'mse',
      'evaluation.metric: expected auto, loss, r2, mae or rmse, as mse has no rocAuc, got "rocAuc"; use another metric',
    ],
    [
      { metric: 'confusionMatrix' },
      'crossEntropy',
      'evaluation.metric: expected auto, loss, or a metric of one number ',
    ],
    [{ metrics: ['top0'] }, 'crossEntropy', 'evaluation.metrics.0: expected a metric such as accuracy, '],
    [
      { metrics: 'f1' },
      'crossEntropy',
      'evaluation.metrics: expected a list of metrics such as [accuracy, f1], got "f1"; ',
    ],
  ])('refuses %j with %j', (evaluation, loss, message) => {
    const issues = issuesWith(evaluation, loss);
    expect(issues).toHaveLength(1);
    expect(issues[0].slice(0, message.length)).toBe(message);
  });
});

describe('evaluation.metric', () => {
  it.each([
    ['top3', 'crossEntropy', 'max'],
    ['perplexity', 'nll', 'min'],
    ['rocAuc', 'bceWithLogits', 'max'],
    ['r2', 'l1', 'max'],
    ['rmse', 'mse', 'min'],
  ])('%s of %s is better at its %s', (metric, loss, mode) => {
    expect(parse({ metric }, loss).evaluation).toEqual({ everyEpochs: 1, metric, mode, minDelta: 0 });
  });
});
