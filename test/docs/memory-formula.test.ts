// The formula of docs/performance.md, as it stands there, against the memory that is planned for configs of three sizes.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { prepareRun } from '#src/experiment/prepare.js';
import { parseConfig } from '#src/index.js';

interface Numbers {
  inputs: number;
  widths: number[];
  states: number;
  shards: number;
  workers: number;
  microBatch: number;
  samples: number;
  validation: number;
  bytesASample: number;
  hasNorm: boolean;
}

const text = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
const [, code] = /```js\n(function memoryBytes[\s\S]*?)```/.exec(text)!;
const memoryBytes = new Function(`${code}; return memoryBytes;`)() as (numbers: Numbers) => Record<string, number>;

const SIZES: [string, Numbers, Record<string, unknown>][] = [
  [
    'small: 784-32-10, sgd with momentum, 4 shards, 1 worker',
    {
      inputs: 784,
      widths: [32, 10],
      states: 1,
      shards: 4,
      workers: 1,
      microBatch: 32,
      samples: 2000,
      validation: 0,
      bytesASample: 3137,
      hasNorm: false,
    },
    { optimizer: { name: 'sgd', lr: 0.1, momentum: 0.9 }, data: { batchSize: 128 } },
  ],
  [
    'middle: 784-512-256-10, adam, 8 shards, 2 workers, a validation part',
    {
      inputs: 784,
      widths: [512, 256, 10],
      states: 2,
      shards: 8,
      workers: 2,
      microBatch: 64,
      samples: 8000,
      validation: 800,
      bytesASample: 3137,
      hasNorm: false,
    },
    { optimizer: { name: 'adam' }, data: { batchSize: 512, validation: 0.1 } },
  ],
  [
    'large: 512-2048-2048-1024-10, adamw with an average and clipping, 16 shards, 5 workers',
    {
      inputs: 512,
      widths: [2048, 2048, 1024, 10],
      states: 3,
      shards: 16,
      workers: 5,
      microBatch: 16,
      samples: 3000,
      validation: 300,
      bytesASample: 2049,
      hasNorm: true,
    },
    {
      optimizer: { name: 'adamw' },
      averaging: { ema: 0.99 },
      clip: { norm: 1 },
      data: { batchSize: 256, validation: 0.1 },
    },
  ],
];

function planned(numbers: Numbers, { data, ...keys }: Record<string, unknown>): Map<string, number> {
  const { inputs, widths, shards, workers, microBatch, samples } = numbers;
  const source = { source: 'synthetic', samples, features: inputs, classes: 10 };
  const { map, plan, dataset } = prepareRun(
    parseConfig({
      name: 'memory',
      numerics: 'portable',
      data: { ...source, ...(data as object) },
      model: widths.map((width, i) => ({ dense: width, activation: i < widths.length - 1 ? 'relu' : 'none' })),
      loss: 'crossEntropy',
      shards,
      workers,
      microBatch,
      ...keys,
    }),
    { baseDir: '.' },
  );
  // The sizes are what the formula is told.
  expect(plan.rows).toBe(microBatch);
  expect(dataset.parts.validation.length).toBe(numbers.validation);
  return new Map(map.rows.map(({ region, residentBytes }) => [region, residentBytes]));
}

describe.each(SIZES)('%s', (_, numbers, keys) => {
  const rows = planned(numbers, keys);
  const formula = memoryBytes(numbers);

  test.each(Object.keys(formula))('%s is as the formula says', (region) => {
    const bytes = rows.get(region) ?? 0;
    // Cells behind each slot and the alignment of what begins on a page: 4 KiB each; activations are placed by first fit, whose gaps are some per cent.
    const most = region === 'activations' ? 0.15 * bytes : 4096 + 0.001 * bytes;
    expect(Math.abs(formula[region] - bytes), `${formula[region]} for ${bytes}`).toBeLessThanOrEqual(most);
  });

  test('has every region that a run touches, but for control, which is small', () => {
    expect([...rows.keys()].filter((region) => !(region in formula) && rows.get(region)! > 0)).toEqual(['control']);
    expect(rows.get('control')!).toBeLessThan(4.5 * 2 ** 20);
  });

  test('its total is within 2 % of what is planned', () => {
    const total = Object.values(formula).reduce((a, b) => a + b, 0);
    const all = [...rows].filter(([region]) => region !== 'control').reduce((sum, [, bytes]) => sum + bytes, 0);
    expect(Math.abs(total / all - 1)).toBeLessThan(0.02);
  });
});
