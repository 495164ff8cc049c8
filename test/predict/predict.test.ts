// Predictions against a forward pass in float64 written here, from the run's safetensors and preprocessing.json alone, and against eval.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { evaluate, loadModel, parseConfig, train } from '#src/index.js';
import { runLockstep, startLockstep } from '../cli/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Rows with a missing cell, a category, a number, an id and a label that depends on them. */
const ROWS = Array.from({ length: 240 }, (_, i) => {
  const size = ((i * 37) % 100) / 10;
  const colour = ['red', 'green', 'blue'][i % 3];
  const price = 3 * size + (colour === 'red' ? 5 : 0);
  const kind = size > 5 ? 'big, bold' : colour === 'red' ? 'rare' : 'small';
  return { id: `n${i}`, size: i % 11 === 5 ? '' : `${size}`, colour, price: `${price}`, kind };
});
const toCsv = (rows: readonly Record<string, string>[]): string =>
  [
    Object.keys(rows[0]),
    ...rows.map((row) => Object.values(row).map((cell) => (cell.includes(',') ? `"${cell}"` : cell))),
  ]
    .map((cells) => cells.join(','))
    .join('\n');
writeFileSync(join(folder, 'things.csv'), toCsv(ROWS));

const table = {
  source: 'csv',
  file: 'things.csv',
  id: 'id',
  missing: 'mean',
  indicator: true,
  standardize: true,
  test: 0.2,
};
const base = { numerics: 'portable', workers: 1, optimizer: { name: 'adam', lr: 0.02 } };
const CONFIGS = {
  kinds: {
    ...base,
    data: { ...table, target: 'kind', ignore: ['price'] },
    model: [{ dense: 8, activation: 'relu' }, { dense: 3 }],
    loss: 'crossEntropy',
    epochs: 10,
  },
  prices: {
    ...base,
    data: { ...table, target: 'price', ignore: ['kind'], task: 'regression', standardizeTarget: true },
    model: [{ dense: 8, activation: 'relu' }, { dense: 1 }],
    loss: 'mse',
    epochs: 10,
  },
  logistic: {
    ...base,
    data: { source: 'breastCancer', standardize: true, test: 0.3 },
    model: { name: 'logistic' },
    loss: 'bceWithLogits',
    epochs: 3,
  },
  names: {
    ...base,
    data: { source: 'firstNames', batchSize: 64 },
    model: { name: 'gpt', layers: 1, width: 16, heads: 2 },
    loss: { name: 'crossEntropy', ignoreIndex: 0 },
    steps: 60,
  },
  moby: {
    ...base,
    data: { source: 'text', file: 'text.txt', length: 16, stride: 5 },
    model: { name: 'gpt', layers: 1, width: 16, heads: 2 },
    loss: 'crossEntropy',
    steps: 200,
  },
  tokens: {
    ...base,
    data: {
      source: 'text',
      file: 'text.txt',
      tokenizer: resolve('test/fixtures/tokenizer.json'),
      length: 8,
      stride: 3,
    },
    model: { name: 'gpt', layers: 1, width: 16, heads: 2 },
    loss: 'crossEntropy',
    steps: 60,
  },
};
writeFileSync(join(folder, 'text.txt'), 'the cat sat on the mat and the dog sat on the log. '.repeat(60));

const run = (name: keyof typeof CONFIGS): string => join(folder, 'runs', name);

beforeAll(async () => {
  for (const [name, config] of Object.entries(CONFIGS)) {
    await train(parseConfig({ name, ...config }), { runsDir: join(folder, 'runs'), baseDir: folder });
  }
}, 120_000);

interface Column {
  name: string;
  type: 'number' | 'category';
  fill: number;
  mean: number;
  deviation: number;
  categories: string[];
}

/** Inputs by the file's own words, and two dense layers, in float64. */
function forward(name: 'kinds' | 'prices', row: Record<string, string>): number[] {
  const stored = JSON.parse(readFileSync(join(run(name), 'preprocessing.json'), 'utf8')) as { inputs: Column[] };
  const x = stored.inputs.flatMap((column) => {
    const cell = row[column.name];
    const isMissing = cell === '' ? 1 : 0;
    if (column.type === 'category') return [...column.categories.map((text) => (text === cell ? 1 : 0)), isMissing];
    return [((isMissing ? column.fill : Number(cell)) - column.mean) / column.deviation, isMissing];
  });
  const { tensors } = readSafetensorsFile(join(run(name), 'weights', 'last.safetensors'));
  const values = (tensor: string) => float32Values(tensors.get(tensor)!);
  const dense = (input: number[], layer: string): number[] => {
    const [weight, bias] = [values(`${layer}.weight`), values(`${layer}.bias`)];
    return Array.from(bias, (b, j) => input.reduce((sum, value, i) => sum + value * weight[j * input.length + i], b));
  };
  return dense(
    dense(x, 'dense1').map((value) => Math.max(0, value)),
    'dense2',
  );
}

function softmax(scores: number[]): number[] {
  const powers = scores.map(Math.exp);
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

const parseCsv = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.match(/"[^"]*"|[^,]+/g)!.map((cell) => cell.replaceAll('"', '')));

describe('predict', { timeout: 60_000 }, () => {
  it('gives for rows from code the probabilities of a forward pass in float64', async () => {
    const model = await loadModel(run('kinds'), { workers: 1 });
    const predictions = await model.predict(ROWS);
    expect(model.classes).toEqual(['big, bold', 'rare', 'small']);
    for (const [i, { prediction, probabilities }] of predictions.entries()) {
      const expected = softmax(forward('kinds', ROWS[i]));
      // float32 sums of 10 terms, of logits below 20.
      for (const [c, p] of probabilities!.entries()) expect(Math.abs(p - expected[c])).toBeLessThan(1e-5);
      expect(prediction).toBe(model.classes![expected.indexOf(Math.max(...expected))]);
    }
    await model.close();
  });

  it('writes them as CSV with the id, as JSON lines and with all cells, for columns in any order', async () => {
    const rows = ROWS.slice(0, 50);
    const file = join(folder, 'new.csv');
    writeFileSync(file, toCsv(rows.map(({ id, size, colour }) => ({ colour, extra: 'x', size, id }))));
    const { code, stdout, stderr } = await runLockstep(['predict', run('kinds'), file], folder);
    expect(code).toBe(0);
    expect(stderr).toContain('weights of step');
    const [header, ...lines] = parseCsv(stdout);
    expect(header.slice(0, 2)).toEqual(['id', 'prediction']);
    expect(stdout.split('\n')[0]).toBe('id,prediction,"p(big, bold)",p(rare),p(small)');
    const expected = rows.map((row) => softmax(forward('kinds', row)));
    for (const [i, [id, , ...shares]] of lines.entries()) {
      expect(id).toBe(rows[i].id);
      for (const [c, p] of shares.entries()) expect(Math.abs(Number(p) - expected[i][c])).toBeLessThan(1e-5);
    }
    const json = await runLockstep(['predict', run('kinds'), file, '--json', '-q'], folder);
    const objects = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.map(({ id, prediction }) => [id, prediction])).toEqual(
      lines.map(([id, prediction]) => [id, prediction]),
    );
    expect(Object.keys(objects[0].probabilities)).toEqual(['big, bold', 'rare', 'small']);
    expect(json.stderr).toBe('');
    const out = join(folder, 'out.csv');
    await runLockstep(['predict', run('kinds'), file, '--keep', '--out', out], folder);
    expect(readFileSync(out, 'utf8').split('\n')[0]).toContain('colour,extra,size,id,prediction,');
  });

  it('reads stdin, and gives values back in the units of the target', async () => {
    const child = startLockstep(['predict', run('prices'), '-', '-q'], folder);
    child.stdin.end(toCsv(ROWS.map(({ size, colour }) => ({ size, colour }))));
    let stdout = '';
    for await (const chunk of child.stdout) stdout += chunk;
    const [header, ...lines] = parseCsv(stdout);
    expect(header).toEqual(['prediction']);
    const { mean, deviation } = JSON.parse(readFileSync(join(run('prices'), 'preprocessing.json'), 'utf8')).target;
    for (const [i, [value]] of lines.entries()) {
      const expected = forward('prices', ROWS[i])[0] * deviation + mean;
      // Six digits of what float32 has computed.
      expect(Math.abs(Number(value) - expected)).toBeLessThan(1e-4 * deviation);
    }
    expect(lines).toHaveLength(ROWS.length);
  });

  it('is as often right as eval says, with one logit for two classes too', async () => {
    const { stdout: file } = await runLockstep(['data', 'get', 'breastCancer', '--out', 'cancer.csv'], folder);
    const { accuracy } = await evaluate(run('logistic'), { other: { file: join(folder, file.trim()) } });
    const { stdout } = await runLockstep(['predict', run('logistic'), 'cancer.csv', '--keep', '-q'], folder);
    const [header, ...lines] = parseCsv(stdout);
    const [target, prediction] = ['diagnosis', 'prediction'].map((name) => header.indexOf(name));
    const right = lines.filter((cells) => cells[target] === cells[prediction]).length;
    expect(right / lines.length).toBe(accuracy);
    for (const cells of lines) expect(Number(cells.at(-1)) + Number(cells.at(-2))).toBeCloseTo(1, 5);
  });

  it('has the same bits for any number of threads and more rows than a block has', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ROWS[i % ROWS.length]);
    const models = await Promise.all([1, 3].map((workers) => loadModel(run('kinds'), { workers })));
    const [alone, together] = await Promise.all(models.map((model) => model.predict(rows)));
    expect(together).toEqual(alone);
    expect(alone.slice(0, ROWS.length)).toEqual(await models[0].predict(ROWS));
    await Promise.all(models.map((model) => model.close()));
  });

  it.each([
    ['id,size,colour\n1,2,red\n2,x,red\n', 'bad.csv:3 column "size": expected a number, got "x"'],
    ['id,size,colour\n1,2,pink\n', 'bad.csv:2 column "colour": expected one of blue, green, red, got "pink"'],
    ['id,size,colour\n1,2\n', 'bad.csv:2: expected 3 columns, as in the first row, got 2'],
    ['id,size\n1,2\n', 'bad.csv:1: expected the column "colour" that the run was trained on, got the header id, size'],
    ['', 'bad.csv: expected a header and rows, got nothing'],
  ])('names file, line and column of what does not fit: %j', async (text, message) => {
    writeFileSync(join(folder, 'bad.csv'), text);
    const { code, stderr } = await runLockstep(['predict', run('kinds'), 'bad.csv'], folder);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it.each([
    [['kinds'], "missing required argument 'inputs'"],
    [['kinds', 'things.csv', '--prompt', 'a'], "option '--prompt' is for runs on a text, got one on csv"],
    [['names', 'things.csv'], 'a run on a text takes no inputs'],
    [
      ['names', '--prompt', 'A9'],
      'prompt: character 2: expected a character of the lines that were trained on, got "9"',
    ],
    [['none', 'things.csv'], 'expected the folder of a run, got none'],
    [['kinds', 'none.csv'], 'none.csv: expected a file of inputs, got no such file'],
  ])('refuses %j', async ([name, ...args], message) => {
    const { code, stderr } = await runLockstep(['predict', join('runs', name), ...args], folder);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('generate', { timeout: 60_000 }, () => {
  it('gives the same text for the same seed, others for others, each beginning with the prompt', async () => {
    const model = await loadModel(run('moby'));
    const options = { prompt: 'the ', length: 60, temperature: 1, topK: 10 };
    const [first] = await model.generate({ ...options, seed: 1 });
    expect(await model.generate({ ...options, seed: 1 })).toEqual([first]);
    expect((await model.generate({ ...options, seed: 2 }))[0].text).not.toBe(first.text);
    expect(first.text.startsWith('the ')).toBe(true);
    expect(first.text).toHaveLength(64);
    // A longer text begins with the shorter one, far beyond the window of 16.
    expect((await model.generate({ ...options, seed: 1, length: 90 }))[0].text.startsWith(first.text)).toBe(true);
  });

  it('goes on as the text does once the model knows it, also where the window has moved on', async () => {
    const model = await loadModel(run('moby'));
    const [{ text }] = await model.generate({ prompt: 'the ', length: 120, temperature: 0 });
    // Every stretch of 4 characters is one of the text's: by chance 1 in 20 would be.
    const known = 'the cat sat on the mat and the dog sat on the log. '.repeat(3);
    const stretches = Array.from({ length: text.length - 4 }, (_, i) => text.slice(i, i + 4));
    const found = stretches.filter((stretch) => known.includes(stretch)).length;
    expect(found / stretches.length).toBeGreaterThan(0.9);
  });

  it('tells characters as they come, the same that it returns', async () => {
    const model = await loadModel(run('moby'));
    const heard: string[] = [];
    const [{ text, tokens }] = await model.generate({ prompt: 'on', length: 9, onText: (part) => heard.push(part) });
    expect(heard).toHaveLength(10);
    expect(heard.join('')).toBe(text);
    expect(tokens).toBe(9);
  });

  it('ends names with their lines, any count of them, each a function of its number alone', async () => {
    const model = await loadModel(run('names'));
    const many = await model.generate({ count: 12, seed: 4 });
    const few = await model.generate({ count: 5, seed: 4 });
    expect(few).toEqual(many.slice(0, 5));
    for (const { text } of many) expect(text).toMatch(/^[^\n\0]*$/);
    expect(new Set(many.map(({ text }) => text)).size).toBeGreaterThan(3);
    const { stdout } = await runLockstep(['predict', 'runs/names', '--count', '12', '--seed', '4', '-q'], folder);
    expect(stdout).toBe(many.map(({ text }) => `${text}\n`).join(''));
    const named = await model.generate({ prompt: 'Ma', count: 3, length: 2 });
    for (const { text } of named) expect(text).toMatch(/^Ma.{0,2}$/);
  });

  it('writes the text of a tokenizer’s tokens, whole characters as they come', async () => {
    const model = await loadModel(run('tokens'));
    for (const temperature of [0, 3]) {
      const heard: string[] = [];
      const onText = (part: string): void => void heard.push(part);
      const [{ text, tokens }] = await model.generate({ prompt: 'the cat', length: 40, temperature, onText });
      expect(text.startsWith('the cat')).toBe(true);
      expect(tokens).toBe(40);
      expect(heard.join('')).toBe(text);
      // What no vocabulary of characters has may begin a text too.
      expect((await model.generate({ prompt: 'Ω9', length: 1 }))[0].text.startsWith('Ω9')).toBe(true);
    }
  });
});
