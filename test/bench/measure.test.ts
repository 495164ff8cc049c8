// Smallest runs of the benches with threads: what must hold whatever the figures are.
import { expect, test } from 'vitest';
import { measureScaling } from '#src/bench/measure-scaling.js';
import { measureStep } from '#src/bench/measure-step.js';
import { PHASE_NAMES } from '#src/experiment/events.js';
import { verify } from '#src/index.js';
import { smallConfig } from '../experiment/small-config.ts';

test('scaling trains every number of workers the same steps, to the bits of `verify`', async () => {
  const config = smallConfig({ epochs: 100 });
  const options = { workerCounts: [1, 3], cores: 2, baseDir: '.', rounds: 2, stretchMs: 1 };
  const report = await measureScaling(config, options);
  expect(report.isSame).toBe(true);
  expect(report.rows.map(({ workers }) => workers)).toEqual([1, 3]);
  const [{ step, stateSha256 }] = report.rows[0].hashes;
  expect(report.rows[1].hashes).toEqual(report.rows[0].hashes);
  expect(report.rows[0].hashes[1].step).toBe(step + 4 * report.stepsPerStretch);
  const { runs } = await verify(config, { steps: step, workerCounts: [2] });
  expect(stateSha256).toBe(runs[0].stateSha256);
});

test('scaling compares with one worker, which is as fast as itself, and splits the step into phases', async () => {
  const options = { workerCounts: [1, 2], cores: 2, baseDir: '.', rounds: 3, stretchMs: 5 };
  const { rows, noise, serialFraction } = await measureScaling(smallConfig(), options);
  const [one, two] = rows;
  expect(one.speedUp).toMatchObject({ isDifferent: false, ratio: { median: 1, low: 1, high: 1 } });
  expect(one.ceiling).toBe(1);
  expect(two.ceiling).toBe(2);
  expect(two.efficiency).toBe(two.speedUp!.ratio.median / 2);
  expect(noise.low * noise.high).toBeCloseTo(1, 12);
  // Of differences that are more than noise only.
  if (!two.speedUp!.isDifferent) expect(serialFraction).toBeNull();
  else expect(serialFraction).toBeGreaterThanOrEqual(0);
  expect(Object.keys(two.phases)).toEqual([...PHASE_NAMES]);
});

test('scaling without one worker has nothing to compare with', async () => {
  const options = { workerCounts: [2], cores: 2, baseDir: '.', rounds: 1, stretchMs: 1 };
  const { rows, serialFraction } = await measureScaling(smallConfig(), options);
  expect(rows[0].speedUp).toBeUndefined();
  expect(serialFraction).toBeNull();
});

test('step commits empty steps with any number of workers', async () => {
  const seen: number[] = [];
  const report = await measureStep({
    workerCounts: [1, 3],
    cores: 2,
    shards: 8,
    ranges: 16,
    steps: 50,
    repeats: 2,
    onRow: ({ workers }) => void seen.push(workers),
  });
  expect(seen).toEqual([1, 3]);
  for (const { step, withNorm, bare } of report.rows) {
    for (const { low, count } of [step, withNorm, bare]) {
      expect(low).toBeGreaterThan(0);
      expect(count).toBe(2);
    }
  }
});
