// Runs of real data, evaluated again: against what training itself told (e), and files against the part that they hold.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '#src/data/dataset.js';
import { evaluate, parseConfig, type Summary, type TrainConfig, train } from '#src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PENGUINS = {
  name: 'penguins',
  data: {
    source: 'penguins',
    missing: 'median',
    indicator: true,
    standardize: true,
    split: 'stratified',
    batchSize: 32,
    validation: 0.1,
    test: 0.3,
  },
  model: [{ dense: 12, activation: 'relu' }, { dense: 3 }],
  loss: 'crossEntropy',
  optimizer: { name: 'adam', lr: 0.02 },
  averaging: { ema: 0.9 },
  epochs: 4,
  evaluation: { metrics: ['f1', 'rocAuc', 'confusionMatrix'] },
  numerics: 'portable',
  workers: 2,
};
const DIABETES = {
  name: 'diabetes',
  data: { source: 'diabetes', standardize: true, standardizeTarget: true, batchSize: 32, test: 0.2 },
  model: [{ dense: 1 }],
  loss: 'mse',
  epochs: 3,
  evaluation: { metrics: ['r2', 'mae'] },
  workers: 1,
};
const NAMES = {
  name: 'names',
  data: { source: 'firstNames', batchSize: 64, validation: 0.1, test: 0.1 },
  model: { name: 'gpt', layers: 1, width: 16, heads: 2 },
  loss: { name: 'crossEntropy', ignoreIndex: 0 },
  steps: 30,
  evaluation: { metric: 'loss', metrics: ['perplexity', 'top5'] },
  workers: 2,
};
// Its model normalises with running statistics, which lie behind the parameters.
const DIGITS = {
  name: 'digits',
  data: { source: 'digits', batchSize: 128, validation: 0.1, test: 0.2 },
  model: [{ conv: 4 }, { batchNorm: true }, { activation: 'relu' }, { flatten: true }, { dense: 10 }],
  loss: 'crossEntropy',
  epochs: 2,
  numerics: 'portable',
  workers: 2,
};

const summaries = new Map<string, Summary>();
const runs = new Map<string, string>();
const configs = [PENGUINS, DIABETES, NAMES, DIGITS];

beforeAll(async () => {
  for (const config of configs) {
    const { summary, runFolder } = await train(parseConfig(config), { runsDir: join(folder, 'runs') });
    summaries.set(config.name, summary);
    runs.set(config.name, runFolder);
  }
}, 120_000);

const run = (name: string): string => runs.get(name)!;
const summaryOf = (name: string): Summary => summaries.get(name)!;

describe('evaluate', { timeout: 60_000 }, () => {
  it.each(configs.map(({ name }) => name))(
    'has for the test part of %s the bits of its training, for any workers',
    async (name) => {
      const { testLoss, testAccuracy, testMetrics = {} } = summaryOf(name);
      for (const workers of [1, 3]) {
        const { loss, accuracy, metrics, warnings, part } = await evaluate(run(name), { workers });
        expect({ loss, accuracy, metrics, warnings, part }).toEqual({
          loss: testLoss,
          accuracy: testAccuracy,
          metrics: testMetrics,
          warnings: [],
          part: 'test',
        });
      }
    },
  );

  it('has the bits of the best weights, of averaged ones too', async () => {
    for (const name of ['penguins', 'names', 'digits']) {
      const { best } = summaryOf(name);
      const result = await evaluate(run(name), { checkpoint: 'best' });
      expect(result).toMatchObject({ weights: 'best', epoch: best!.epoch, loss: best!.testLoss });
      expect(result.metrics).toEqual(best!.testMetrics ?? {});
      const validation = await evaluate(run(name), { checkpoint: 'best', part: 'validation' });
      expect(validation.loss).toBe(best!.validationLoss);
    }
  });

  it('has the bits of the validation part', async () => {
    const { loss, metrics } = await evaluate(run('penguins'), { part: 'validation' });
    const { validationLoss, validationMetrics } = summaryOf('penguins');
    expect({ loss, metrics }).toEqual({ loss: validationLoss, metrics: validationMetrics });
  });

  it('tells metrics that the run did not ask for, beside the same loss', async () => {
    const metrics = ['precision', 'confusionMatrix'];
    const result = await evaluate(run('digits'), { metrics });
    expect(Object.keys(result.metrics)).toEqual(metrics);
    const matrix = result.metrics.confusionMatrix as number[][];
    const right = matrix.reduce((sum, row, c) => sum + row[c], 0);
    expect(right / result.samples).toBe(summaryOf('digits').testAccuracy);
    expect(result.loss).toBe(summaryOf('digits').testLoss);
  });

  it('evaluates the training part, every sample once', async () => {
    const { samples, metrics } = await evaluate(run('penguins'), { part: 'train' });
    const matrix = metrics.confusionMatrix as number[][];
    expect(samples).toBe(344 - 103 - 34);
    expect(matrix.flat().reduce((sum, count) => sum + count, 0)).toBe(samples);
  });

  it('makes of a file with the rows of the test part the same samples, wherever their columns stand', async () => {
    const file = writeTestRows(PENGUINS, 'penguins.csv.gz', (cells) => ['noise', ...cells.reverse()]);
    const { loss, accuracy, metrics, samples } = await evaluate(run('penguins'), { other: { file } });
    const { testLoss, testAccuracy, testMetrics } = summaryOf('penguins');
    expect(samples).toBe(103);
    expect({ accuracy, metrics }).toEqual({ accuracy: testAccuracy, metrics: testMetrics });
    // Chunks are cut otherwise where there is no validation part: sums in another order, 103 of them.
    expect(Math.abs(loss - testLoss!)).toBeLessThan(103 * 2 ** -52 * testLoss!);
  });

  it('scales the targets of a file by what the run has fitted', async () => {
    const file = writeTestRows(DIABETES, 'diabetes.csv.gz', (cells) => cells);
    const { loss, metrics, accuracy } = await evaluate(run('diabetes'), { other: { file } });
    expect(accuracy).toBeNull();
    expect(loss).toBeCloseTo(summaryOf('diabetes').testLoss!, 12);
    expect(metrics.r2).toBeCloseTo(summaryOf('diabetes').testMetrics!.r2 as number, 12);
  });

  it('takes lines of another text, and names the character that the run does not know', async () => {
    const file = join(folder, 'lines.txt');
    writeFileSync(file, 'Anna\nBerta\n');
    const { samples, loss } = await evaluate(run('names'), { other: { file } });
    expect(samples).toBe(2);
    expect(loss).toBeGreaterThan(0);
    writeFileSync(file, 'Anna\n\nBert9\n');
    await expect(evaluate(run('names'), { other: { file } })).rejects.toThrow(
      `${file}:3:5: expected a character of the text that was trained on, got "9"`,
    );
  });

  it('refuses what it cannot evaluate, with what to do', async () => {
    const file = join(folder, 'bad.csv');
    writeFileSync(file, 'a,b\n1,2\n');
    const lines = join(folder, 'bad.jsonl');
    writeFileSync(lines, '{"a":1,"b":2}\n');
    const cases: [Promise<unknown>, string][] = [
      [evaluate(join(folder, 'none')), 'expected the folder of a run, got none'],
      [evaluate(folder), 'expected a run with checkpoints, got none'],
      [
        evaluate(run('penguins'), { other: { file: lines } }),
        'expected a CSV file, got JSON lines; write its rows as CSV',
      ],
      [
        evaluate(run('diabetes'), { part: 'validation' }),
        'expected a validation part, got data with train and test alone',
      ],
      [evaluate(run('diabetes'), { checkpoint: 'best' }), 'expected best weights, got none by step'],
      [evaluate(run('diabetes'), { checkpoint: 7 }), 'expected a checkpoint of step 7, got none'],
      [evaluate(run('penguins'), { other: { file } }), `${file}:1: expected the columns "island", `],
      [evaluate(run('penguins'), { metrics: ['r2'] }), 'evaluation.metrics'],
    ];
    for (const [promise, message] of cases) await expect(promise).rejects.toThrow(message);
  });
});

/** The test part of an embedded table as a file of its own. */
function writeTestRows(config: { data: object }, source: string, arrange: (cells: string[]) => string[]): string {
  const parsed: TrainConfig = parseConfig(config);
  const { parts, sampleName } = openDataset(parsed.data, parsed.seed, folder);
  const [path] = sampleName(0).split(/:\d+$/);
  expect(path.endsWith(source)).toBe(true);
  const lines = readLines(path);
  const rows = Array.from(parts.test, (id) => lines[Number(/\d+$/.exec(sampleName(id))![0]) - 1]);
  const file = join(folder, `${source}.csv`);
  const text = [lines[0], ...rows].map((line) => arrange(line.split(',')).join(','));
  writeFileSync(file, `${text.join('\n')}\n`);
  return file;
}

function readLines(path: string): string[] {
  const bytes = readFileSync(path);
  return gunzipSync(bytes).toString('utf8').split('\n');
}
