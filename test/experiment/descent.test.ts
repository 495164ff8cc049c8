// Gradient descent in its three forms ends where the normal equations say.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float32Values, readSafetensorsFile } from '#src/checkpoint/safetensors.js';
import { train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-descent-'));
const file = join(folder, 'line.csv');

/** y = 2a − 3b + 0.5 and an error that no line explains; some numbers without a pattern, 48 rows. */
const ROWS = Array.from({ length: 48 }, (_, i) => {
  const a = ((i * 37) % 48) / 24 - 1;
  const b = ((i * 29 + 11) % 48) / 24 - 1;
  return { a, b, y: 2 * a - 3 * b + 0.5 + (((i * 17) % 7) - 3) / 10 };
});
writeFileSync(file, `a,b,y\n${ROWS.map(({ a, b, y }) => `${a},${b},${y}`).join('\n')}\n`);

/** Least squares by the normal equations of three unknowns, by Cramer's rule in float64. */
function leastSquares(): number[] {
  const columns = ROWS.map(({ a, b }) => [a, b, 1]);
  const dot = (f: (row: number[], i: number) => number) => columns.reduce((sum, row, i) => sum + f(row, i), 0);
  const normal = [0, 1, 2].map((i) => [0, 1, 2].map((j) => dot((row) => row[i] * row[j])));
  const right = [0, 1, 2].map((i) => dot((row, k) => row[i] * ROWS[k].y));
  const det = (m: number[][]) =>
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
    m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
    m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  const replaced = (at: number) => normal.map((row, i) => row.map((value, j) => (j === at ? right[i] : value)));
  return [0, 1, 2].map((at) => det(replaced(at)) / det(normal));
}

async function descend(keys: Record<string, unknown>) {
  const { batchSize, ...rest } = keys;
  const config = smallConfig({
    data: { source: 'csv', file, target: 'y', task: 'regression', batchSize },
    model: { name: 'linear' },
    loss: 'mse',
    shards: 3,
    logging: { everySteps: 1 },
    ...rest,
  });
  const { summary, runFolder } = await train(config, { runsDir: join(folder, 'runs') });
  const { tensors } = readSafetensorsFile(join(runFolder, 'weights', 'last.safetensors'));
  const weights = [...float32Values(tensors.get('dense1.weight')!), ...float32Values(tensors.get('dense1.bias')!)];
  const rows = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return { summary, weights, rows: rows.map((row) => JSON.parse(row) as { loss: number; gradNorm: number }) };
}

const distance = (weights: readonly number[]) =>
  Math.max(...leastSquares().map((value, i) => Math.abs(value - weights[i])));

describe('gradient descent', () => {
  it('by the full batch lowers the loss in every step and stops where the gradient vanishes', {
    timeout: 30_000,
  }, async () => {
    const { summary, weights, rows } = await descend({
      batchSize: 'full',
      optimizer: { name: 'sgd', lr: 0.5 },
      epochs: 500,
      until: { gradNorm: 1e-6 },
    });
    expect(summary.endedBy).toBe('until.gradNorm');
    expect(summary.steps).toBeLessThan(500);
    // Up to the last digits of float32, where it stands still.
    const falling = rows.filter(({ gradNorm }) => gradNorm > 1e-3);
    expect(falling.length).toBeGreaterThan(10);
    for (let i = 1; i < falling.length; i++) expect(falling[i].loss).toBeLessThan(falling[i - 1].loss);
    expect(distance(weights)).toBeLessThan(1e-5);
  });

  // With a rate that falls to 0 the noise of the samples dies out.
  it.each([
    ['mini-batches', 8, 0.2],
    ['single examples', 1, 0.05],
  ])('by %s ends close to the same weights', { timeout: 60_000 }, async (_form, batchSize, lr) => {
    const { summary, weights } = await descend({
      batchSize,
      optimizer: { name: 'sgd', lr },
      schedule: { name: 'cosine' },
      epochs: 60,
    });
    expect(summary.steps).toBe(60 * Math.ceil(48 / batchSize));
    expect(distance(weights)).toBeLessThan(0.02);
  });

  it('accumulates a batch of any size from micro-batches, to the last digits', { timeout: 30_000 }, async () => {
    const keys = { batchSize: 'full', optimizer: { name: 'sgd', lr: 0.5 }, epochs: 20, shards: 1 };
    const [whole, cut] = [await descend(keys), await descend({ ...keys, microBatch: 5 })];
    cut.weights.forEach((value, i) => {
      expect(Math.abs(value - whole.weights[i])).toBeLessThan(1e-6);
    });
  });
});
