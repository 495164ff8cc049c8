// Which losses take which outputs and targets.
import { describe, expect, it } from 'vitest';
import { ModelError } from '#src/graph/model-error.js';
import { buildModel, type SampleSpec } from '#src/nn/build-model.js';
import type { LayerConfig, LossConfig } from '#src/nn/nn.schema.js';

const LABELS: SampleSpec = { input: { shape: [6] }, target: { kind: 'class', classes: 3 } };
const BINARY: SampleSpec = { input: { shape: [6] }, target: { kind: 'class', classes: 2 } };
const TOKENS: SampleSpec = { input: { shape: [6] }, target: { kind: 'class', classes: 3, shape: [2] } };
const VALUES: SampleSpec = { input: { shape: [6] }, target: { kind: 'values', shape: [3] } };

const dense = (units: number): LayerConfig => ({ dense: units, activation: 'none', bias: true });
const build = (loss: LossConfig, samples: SampleSpec, ...layers: LayerConfig[]) => buildModel(layers, loss, samples);
const opOf = ({ graph, loss }: ReturnType<typeof buildModel>) => graph.nodes[loss].op.name;

describe('metrics', () => {
  it.each<[string, () => unknown, string]>([
    [
      'more of the top than there are outputs',
      () => buildModel([dense(3)], 'crossEntropy', LABELS, ['top4']),
      'evaluation.metrics: expected at least 4 outputs for top4, got (-1,3); ask for a smaller number',
    ],
    [
      'counts of classes with several yes-or-no outputs',
      () => buildModel([dense(3)], 'bceWithLogits', VALUES, ['f1']),
      'evaluation.metrics: expected class labels for f1, got values of shape (3); use accuracy or rocAuc',
    ],
    [
      'a matrix of very many classes',
      () => buildModel([dense(300)], 'crossEntropy', LABELS, ['confusionMatrix']),
      'evaluation.metrics: expected at most 256 classes for confusionMatrix, got 300; use accuracy or top5',
    ],
  ])('refuse %s', (_title, action, message) => {
    expect(action).toThrow(new ModelError(message));
  });

  it('share their sums', () => {
    const names = ['f1', 'confusionMatrix', 'recall', 'top2', 'top2', 'accuracy', 'perplexity'];
    const { metrics } = buildModel([dense(3)], 'crossEntropy', LABELS, names);
    expect(metrics?.map(({ kind }) => kind)).toEqual(['topK', 'confusion']);
  });
});

describe('a loss', () => {
  it('of plain cross-entropy keeps its own kernel, settings take another', () => {
    expect(opOf(build('crossEntropy', LABELS, dense(3)))).toBe('softmaxCrossEntropy');
    const smoothed = build({ name: 'crossEntropy', labelSmoothing: 0.1 }, LABELS, dense(3));
    expect(opOf(smoothed)).toBe('weightedCrossEntropy');
    expect(smoothed.hasCount).toBe(false);
    const weighted = build({ name: 'nll', classWeights: [1, 2, 3] }, LABELS, dense(3));
    expect(weighted).toMatchObject({ hasCount: true, metric: 'accuracy' });
  });

  it('takes several labels a sample where the outputs have a row for each', () => {
    expect(() => build('crossEntropy', TOKENS, dense(6), { reshape: [2, 3] })).not.toThrow();
  });

  it('bceWithLogits takes labels of two classes or values', () => {
    expect(build('bceWithLogits', BINARY, dense(1)).metric).toBe('accuracy');
    expect(build('bceWithLogits', VALUES, dense(3)).metric).toBe('accuracy');
  });

  it.each<[string, () => unknown, string]>([
    [
      'several labels a sample and one row of outputs',
      () => build('crossEntropy', TOKENS, dense(3)),
      'dense1: expected outputs of shape (-1,2,3) for labels 0 to 2 of shape (-1,2), got (-1,3); end the model with { linear: 3 }',
    ],
    [
      'other weights than classes',
      () => build({ name: 'crossEntropy', labelSmoothing: 0, classWeights: [1, 2] }, LABELS, dense(3)),
      'loss: expected 3 classWeights, one for each output, got 2; give as many',
    ],
    [
      'three classes for a yes or no',
      () => build('bceWithLogits', LABELS, dense(1)),
      'loss: expected labels of 2 classes, or values, for bceWithLogits, got class labels 0 to 2; set loss: crossEntropy',
    ],
    [
      'two outputs for a yes or no',
      () => build('bceWithLogits', BINARY, dense(2)),
      'dense1: expected outputs of shape (-1,1) for labels 0 and 1, got (-1,2); end the model with { dense: 1 }, or set loss: crossEntropy',
    ],
    [
      'another posWeight than outputs',
      () => build({ name: 'bceWithLogits', posWeight: [1, 2] }, VALUES, dense(3)),
      'loss: expected 1 or 3 posWeight, one for each output, got 2; give as many',
    ],
    [
      'labels for a loss of values',
      () => build('l1', LABELS, dense(3)),
      'loss: expected values for l1, got class labels 0 to 2; set loss: crossEntropy, or use data with values',
    ],
    [
      'values for a loss of labels',
      () => build('nll', VALUES, dense(3)),
      'loss: expected class labels for nll, got values of shape (3); set loss: mse, or use data with labels',
    ],
  ])('refuses %s', (_title, action, message) => {
    expect(action).toThrow(new ModelError(message));
  });
});
