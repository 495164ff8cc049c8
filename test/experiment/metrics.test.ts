// Metrics of whole runs: against float64 loops over the weights that the run left, and the same bits for every worker count.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { openDataset } from '#src/data/dataset.js';
import { sampleElements, targetElements } from '#src/data/source.js';
import type { EpochEvent, Summary, TrainEvent } from '#src/experiment/events.js';
import { type TrainConfig, train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

let runsDir = '';
beforeEach(() => {
  runsDir = join(mkdtempSync(join(tmpdir(), 'lockstep-metrics-')), 'runs');
});

const CLASS_METRICS = [
  'accuracy',
  'top1',
  'top2',
  'precision',
  'recall',
  'f1',
  'f1Micro',
  'f1PerClass',
  'confusionMatrix',
  'rocAuc',
  'perplexity',
];
const data = (kind: object) => ({
  source: 'synthetic',
  samples: 300,
  features: 6,
  batchSize: 32,
  validation: 0.3,
  test: 0.2,
  noise: 1.5,
  ...kind,
});
const CLASSIFY = {
  data: data({ classes: 4 }),
  model: [{ dense: 4 }],
  evaluation: { metrics: CLASS_METRICS, metric: 'rocAuc' },
};
const WEIGHTED = {
  ...CLASSIFY,
  loss: { name: 'crossEntropy', labelSmoothing: 0.1, classWeights: [1, 2, 3, 4], ignoreIndex: 2 },
};
const BINARY = {
  data: data({ classes: 2 }),
  model: [{ dense: 1 }],
  loss: 'bceWithLogits',
  evaluation: { metrics: ['accuracy', 'confusionMatrix', 'rocAuc'], metric: 'f1' },
};
const REGRESS = {
  data: data({ outputs: 2 }),
  model: [{ dense: 2 }],
  loss: 'huber',
  evaluation: { metrics: ['mae', 'r2'], metric: 'rmse' },
};

async function run(
  keys: Record<string, unknown>,
): Promise<{ summary: Summary; epochs: EpochEvent[]; runFolder: string; config: TrainConfig }> {
  const epochs: EpochEvent[] = [];
  const onEvent = (event: TrainEvent | { type: 'progress' }): void => {
    if (event.type === 'epoch') epochs.push(event);
  };
  const config = smallConfig(keys);
  return { ...(await train(config, { runsDir, onEvent })), epochs, config };
}

/** Outputs of a part by one dense layer in float64, and its targets. */
function outputsOf(config: TrainConfig, runFolder: string, part: 'train' | 'validation' | 'test') {
  const { spec, parts, fill } = openDataset(config.data, config.seed, '.');
  const features = sampleElements(spec.input.shape);
  const perTarget = targetElements(spec.target);
  const inputs = new Float32Array(spec.samples * features);
  const targets = new Float32Array(spec.samples * perTarget);
  fill(inputs, targets);
  const { tensors } = readSafetensorsFile(join(runFolder, 'weights', 'last.safetensors'));
  const [weight, bias] = ['weight', 'bias'].map((name) => float32Values(tensors.get(`dense1.${name}`)!));
  return [...parts[part]].map((id) => {
    const x = inputs.subarray(id * features, (id + 1) * features);
    const row = Array.from(bias, (b, unit) =>
      x.reduce((sum, value, i) => sum + value * weight[unit * features + i], b),
    );
    return { row, target: [...targets.subarray(id * perTarget, (id + 1) * perTarget)] };
  });
}

function pairShare(positives: number[], negatives: number[]): number {
  const pairs = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0) as number));
  return pairs.reduce((a, b) => a + b, 0) / pairs.length;
}
const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('the metrics of a run', () => {
  test('of classes are those of float64 loops', async () => {
    const { summary, runFolder, config } = await run({ ...CLASSIFY, epochs: 2 });
    const rows = outputsOf(config, runFolder, 'test');
    const matrix = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (const { row, target } of rows) matrix[target[0]][row.indexOf(Math.max(...row))]++;
    const values = summary.testMetrics!;
    expect(Object.keys(values)).toEqual(CLASS_METRICS);
    expect(values.confusionMatrix).toEqual(matrix);
    const right = mean(rows.map(({ row, target }) => Number(row.indexOf(Math.max(...row)) === target[0])));
    expect(right).toBeLessThan(1);
    for (const name of ['accuracy', 'top1', 'f1Micro']) expect(values[name]).toBe(right);
    expect(summary.testAccuracy).toBe(right);
    const amongTwo = rows.map(({ row, target }) => Number(row.filter((x) => x > row[target[0]]).length < 2));
    expect(values.top2).toBeCloseTo(mean(amongTwo), 12);
    const share = rows.map(({ row }) => {
      const powers = row.map(Math.exp);
      return powers.map((power) => power / powers.reduce((a, b) => a + b));
    });
    const areas = [0, 1, 2, 3].map((c) => {
      const of = (isClass: boolean) => share.filter((_, i) => (rows[i].target[0] === c) === isClass).map((s) => s[c]);
      return pairShare(of(true), of(false));
    });
    expect(values.rocAuc).toBeCloseTo(mean(areas), 12);
    expect(values.perplexity).toBeCloseTo(Math.exp(summary.testLoss!), 12);
    const f1 = matrix.map(
      (row, c) => (2 * row[c]) / (row.reduce((a, b) => a + b) + mean(matrix.map((other) => other[c])) * 4),
    );
    expect(values.f1PerClass).toEqual(f1.map((value) => expect.closeTo(value, 12)));
    expect(values.f1).toBeCloseTo(mean(f1), 12);
  });

  test('with class weights and an ignored label count each label that counts once, in training too', async () => {
    // A rate of 0, so that the weights of every step are those that are left.
    const still = { ...WEIGHTED, optimizer: { name: 'sgd', lr: 0 }, epochs: 2 };
    const { summary, runFolder, config, epochs } = await run(still);
    const trained = outputsOf(config, runFolder, 'train').filter(({ target }) => target[0] !== 2);
    expect(epochs[1].trainMetric).toBe(
      mean(trained.map(({ row, target }) => Number(row.indexOf(Math.max(...row)) === target[0]))),
    );
    const rows = outputsOf(config, runFolder, 'validation').filter(({ target }) => target[0] !== 2);
    const right = mean(rows.map(({ row, target }) => Number(row.indexOf(Math.max(...row)) === target[0])));
    const values = summary.validationMetrics!;
    for (const name of ['accuracy', 'top1', 'f1Micro']) expect(values[name]).toBe(right);
    expect(epochs[1].validationMetric).toBe(right);
  });

  test('of a yes or no are those of float64 loops', async () => {
    const { summary, runFolder, config } = await run({ ...BINARY, epochs: 2 });
    const rows = outputsOf(config, runFolder, 'test').map(({ row, target }) => ({ x: row[0], t: target[0] }));
    const count = (t: number, p: boolean) => rows.filter((row) => row.t === t && row.x > 0 === p).length;
    const values = summary.testMetrics!;
    expect(values.confusionMatrix).toEqual([
      [count(0, false), count(0, true)],
      [count(1, false), count(1, true)],
    ]);
    expect(values.accuracy).toBe((count(0, false) + count(1, true)) / rows.length);
    expect(summary.testAccuracy).toBe(values.accuracy);
    const of = (t: number) => rows.filter((row) => row.t === t).map(({ x }) => x);
    expect(values.rocAuc).toBeCloseTo(pairShare(of(1), of(0)), 12);
    expect(Object.keys(values)).toEqual(['accuracy', 'confusionMatrix', 'rocAuc', 'f1']);
  });

  test('of a regression are those of float64 loops', async () => {
    const { summary, runFolder, config } = await run({ ...REGRESS, epochs: 2 });
    const rows = outputsOf(config, runFolder, 'test');
    const errors = rows.flatMap(({ row, target }) => row.map((x, c) => x - target[c]));
    const values = summary.testMetrics!;
    // Outputs are rounded to float32 by the run.
    expect(values.mae).toBeCloseTo(mean(errors.map(Math.abs)), 6);
    expect(values.rmse).toBeCloseTo(Math.sqrt(mean(errors.map((e) => e * e))), 6);
    const r2 = [0, 1].map((c) => {
      const targets = rows.map(({ target }) => target[c]);
      const residual = mean(rows.map(({ row, target }) => (row[c] - target[c]) ** 2));
      return 1 - residual / mean(targets.map((t) => (t - mean(targets)) ** 2));
    });
    expect(values.r2).toBeCloseTo(mean(r2), 6);
    expect(summary.testAccuracy).toBeNull();
  });

  test('stand in the epoch events, in results.csv and choose the best epoch', async () => {
    const { summary, epochs, runFolder } = await run({ ...REGRESS, epochs: 4 });
    const rmse = epochs.map(({ validationMetrics }) => validationMetrics?.rmse as number);
    const best = Math.min(...rmse);
    expect(summary.best).toMatchObject({ epoch: rmse.indexOf(best) + 1, metric: best, metricName: 'rmse' });
    expect(Object.keys(summary.best!.testMetrics!)).toEqual(['mae', 'r2', 'rmse']);
    expect(summary.validationMetrics).toEqual(epochs[3].validationMetrics);
    const [header, ...lines] = readFileSync(join(runFolder, 'results.csv'), 'utf8').trim().split('\n');
    expect(header.endsWith(',isBest,validationMae,validationR2,validationRmse')).toBe(true);
    expect(lines.map((line) => Number(line.split(',').at(-1)))).toEqual(rmse);
    expect(JSON.parse(readFileSync(join(runFolder, 'summary.json'), 'utf8'))).toEqual(summary);
  });

  test.each([
    ['classes', CLASSIFY],
    ['classes with weights', WEIGHTED],
    ['yes or no', BINARY],
    ['a regression', REGRESS],
  ])('have the same bits with 1, 2 and 3 workers: %s', async (_title, keys) => {
    const told = [];
    for (const workers of [1, 2, 3]) {
      const { summary, epochs } = await run({ ...keys, microBatch: 3, workers });
      const { validationMetrics, testMetrics, best } = summary;
      told.push({ validationMetrics, testMetrics, best, epochs: epochs.map((event) => event.validationMetrics) });
    }
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });
});
