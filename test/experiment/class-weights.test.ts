// Weights a class by rule or name, and balanced sampling: hand-worked weights; equal bits for any number of workers and after a resume.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '#src/data/dataset.js';
import { balancedClasses, resolveClassWeights } from '#src/experiment/class-weights.js';
import { resume, type TrainConfig, train, verify } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const labels = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2];
const datasetOf = (keys: Partial<Dataset> = {}): Pick<Dataset, 'spec' | 'parts' | 'labelOf' | 'classNames'> => ({
  spec: {
    name: 'labels',
    samples: 10,
    input: { shape: [1], storage: 'f32', divisor: 1 },
    target: { kind: 'class', storage: 'u8', classes: 3 },
  },
  // Both samples of class 2 are tested on.
  parts: { train: Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7), validation: Uint32Array.of(), test: Uint32Array.of(8, 9) },
  labelOf: (id) => labels[id],
  classNames: ['ham', 'spam', 'other'],
  ...keys,
});
const weightsOf = (classWeights: unknown, keys?: Partial<Dataset>) =>
  (
    resolveClassWeights({ name: 'nll', classWeights } as never, datasetOf(keys)) as unknown as {
      classWeights: number[];
    }
  ).classWeights;

describe('resolveClassWeights', () => {
  test('balanced is n / (k n[c]) over the training part, 1 for a class that is not in it', () => {
    // scikit-learn's compute_class_weight('balanced') of six 0 and two 1: 8 / (2 · 6), 8 / (2 · 2).
    expect(weightsOf('balanced')).toEqual([8 / 12, 2, 1]);
  });

  test('takes weights by name or number, 1 for the others, and leaves lists as they are', () => {
    expect(weightsOf({ spam: 3, other: 0 })).toEqual([1, 3, 0]);
    expect(weightsOf({ 1: 3 }, { classNames: undefined })).toEqual([1, 3, 1]);
    expect(weightsOf([1, 2, 3])).toEqual([1, 2, 3]);
    expect(resolveClassWeights('crossEntropy', datasetOf())).toBe('crossEntropy');
  });

  test('refuses unknown names, nothing but zeros, and data without a class a sample', () => {
    expect(() => weightsOf({ eggs: 3 })).toThrow(
      'loss.classWeights: expected classes of the data (ham, spam, other), got "eggs"; correct the name',
    );
    expect(() => weightsOf({ ham: 0, spam: 0, other: 0 })).toThrow('expected a class whose weight is above 0');
    expect(() => weightsOf('balanced', { labelOf: undefined })).toThrow(
      'loss.classWeights: expected samples with a class each for balanced, got samples without; remove it',
    );
    const stream = {} as NonNullable<Dataset['stream']>;
    expect(() => weightsOf('balanced', { labelOf: undefined, stream })).toThrow(
      'loss.classWeights: expected samples in memory, whose classes are counted, for balanced, got a stream; name a weight a class',
    );
    expect(() => balancedClasses('balanced', datasetOf({ labelOf: undefined }))).toThrow('data.sampling: expected');
  });
});

// 360 of class a, and 40 of class b whose x is larger by 30; a weight each.
const file = join(mkdtempSync(join(tmpdir(), 'lockstep-classes-')), 'rare.csv');
const rows = Array.from({ length: 400 }, (_, i) => {
  const isRare = i % 10 === 0;
  return `${((i * 37) % 101) + (isRare ? 30 : 0)},${(i * 11) % 7},${isRare ? 'b' : 'a'},${1 + (i % 3)}`;
});
writeFileSync(file, `x,y,kind,importance\n${rows.join('\n')}\n`);
const DATA = { source: 'csv', file, target: 'kind', standardize: true, batchSize: 16, split: 'stratified', test: 0.2 };
const configOf = (data: Record<string, unknown>, keys: Record<string, unknown> = {}): TrainConfig =>
  smallConfig({ data: { ...DATA, weight: 'importance', ...data }, model: [{ dense: 2 }], shards: 5, ...keys });

const CASES = [
  { title: 'weights of samples', data: {}, loss: 'crossEntropy' },
  {
    title: 'balanced classes',
    data: { weight: undefined, ignore: ['importance'] },
    loss: { name: 'crossEntropy', classWeights: 'balanced' },
  },
  { title: 'weights of a class by name', data: {}, loss: { name: 'crossEntropy', classWeights: { b: 4 } } },
  { title: 'balanced sampling', data: { sampling: 'balanced' }, loss: 'crossEntropy' },
];

describe.each(CASES)('$title', ({ data, loss }) => {
  const clean = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
  const config = (keys: Record<string, unknown> = {}) => {
    const whole = { ...DATA, ...(!('ignore' in clean) && { weight: 'importance' }), ...clean };
    return smallConfig({ data: whole, model: [{ dense: 2 }], shards: 5, loss, ...keys });
  };

  test.each([
    ['sgd', 'portable'],
    ['adam', 'fast'],
  ])('has the same bits for 1, 2 and 3 workers with %s, %s', async (name, numerics) => {
    const optimizer = { name, lr: 0.05 };
    const options = { steps: 12, workerCounts: [1, 2, 3] };
    const { isSame, runs } = await verify(config({ optimizer, numerics }), options);
    expect(isSame).toBe(true);
    expect(Number.isFinite(runs[0].loss)).toBe(true);
  });

  test('goes on after a resume with the same bits', async () => {
    const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-resumed-'));
    const whole = await train(config({ epochs: 4 }), { runsDir });
    const { runFolder } = await train(config({ epochs: 4 }), { runsDir, maxSteps: 7 });
    const resumed = await resume(runFolder);
    if (resumed.isFinished) throw new Error('it was not finished');
    expect(resumed.summary.stateSha256).toBe(whole.summary.stateSha256);
    expect(resumed.summary.testLoss).toBe(whole.summary.testLoss);
  });
});

test('balanced sampling and balanced weights find more of the rare class than plain training does', async () => {
  const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-rare-'));
  /** The share of the 16 rare samples of the test part that are found. */
  const recall = async (data: Record<string, unknown>, loss: unknown) => {
    const keys = { loss, epochs: 20, evaluation: { metrics: ['recallPerClass'] } };
    const { summary } = await train(configOf({ test: 0.4, ...data }, keys), { runsDir });
    return (summary.testMetrics!.recallPerClass as number[])[1];
  };
  const plain = await recall({}, 'crossEntropy');
  expect(await recall({ sampling: 'balanced' }, 'crossEntropy')).toBeGreaterThan(plain);
  expect(await recall({}, { name: 'crossEntropy', classWeights: 'balanced' })).toBeGreaterThan(plain);
});
