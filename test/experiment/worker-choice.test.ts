// The choice against made-up machines whose best number of workers is known, and in real runs against one worker's bits.
import { mkdtempSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createPool } from '#src/engine/pool.js';
import type { TrainEvent } from '#src/experiment/events.js';
import { prepareRun } from '#src/experiment/prepare.js';
import { openSession } from '#src/experiment/session.js';
import { bestCount, candidateCounts, WorkerChoice } from '#src/experiment/worker-choice.js';
import { train } from '#src/index.js';
import { smallConfig } from './small-config.ts';

/** Runs the choice on a machine where a step takes `stepMs(workers, stretch)`; stretches are cut at multiples of `pause`. */
function choose(
  most: number,
  totalSteps: number,
  stepMs: (workers: number, stretch: number) => number,
  pause = Infinity,
) {
  const choice = new WorkerChoice(most, totalSteps);
  const counts: number[] = [];
  let [step, ms, stretches] = [0, 0, 0];
  for (let next = choice.next(); next !== undefined && step < totalSteps; next = choice.next()) {
    const end = Math.min(totalSteps, step + next.steps, (Math.floor(step / pause) + 1) * pause);
    for (; step < end; step++) {
      choice.addStep(stepMs(next.workers, stretches));
      ms += stepMs(next.workers, stretches);
    }
    choice.endStretch();
    counts.push(next.workers);
    stretches++;
  }
  return { choice, step, ms, counts };
}

describe('candidateCounts', () => {
  test.each([
    [1, [1]],
    [2, [1, 2]],
    [6, [1, 2, 4, 6]],
    [8, [1, 2, 4, 8]],
  ])('%i workers are tried as %j', (most, counts) => expect(candidateCounts(most)).toEqual(counts));
});

test('bestCount takes more workers only where they are better by more than noise', () => {
  const measured = (one: number, two: number) => [
    { workers: 1, stepMs: one },
    { workers: 2, stepMs: two },
  ];
  expect(bestCount(measured(1, 0.99))).toBe(1);
  expect(bestCount(measured(1, 0.9))).toBe(2);
  expect(bestCount(measured(1, 1.2))).toBe(1);
});

describe('WorkerChoice', () => {
  test('finds the best count of a tiny model, of a middling one and of one that all cores help', () => {
    const overhead = (workMs: number) => (workers: number) => workMs / workers + 0.01 * workers;
    expect(choose(8, 100_000, overhead(0.01)).choice.chosen).toBe(1);
    expect(choose(8, 100_000, overhead(0.2)).choice.chosen).toBe(4);
    expect(choose(8, 100_000, overhead(2)).choice.chosen).toBe(8);
  });

  test('is not misled by a machine that is three times slower in some stretches', () => {
    const moods = (workers: number, stretch: number) => (stretch % 5 === 2 ? 3 : 1) * (0.4 / workers);
    expect(choose(2, 100_000, moods).choice.chosen).toBe(2);
  });

  test('takes at most 0.3 s more than a warm-up, whatever a step takes', () => {
    for (const stepMs of [0.005, 0.1, 1, 5, 15, 40, 500]) {
      const { ms, choice } = choose(2, 1_000_000, (workers) => (2 * stepMs) / workers);
      // Warm-up: stretches of 10, 20, 40, … steps until 600 ms; the last one may be as long as all before and one more.
      expect(ms).toBeLessThan(300 + Math.max(2 * 600 + 10 * stepMs, 10 * stepMs));
      expect(choice.chosen).toBe(2);
    }
  });

  test('spends at most a fiftieth of a run of a minute, and says where it could not measure', () => {
    const { choice, counts } = choose(2, 400, () => 15);
    expect(new Set(counts)).toEqual(new Set([2]));
    expect(choice).toMatchObject({ chosen: 2, reason: 'the run is too short', measured: [] });
    expect(choose(2, 400, () => 200).choice.reason).toBe('steps are too long');
  });

  test('alternates the counts, so that drift meets all of them', () => {
    const { counts } = choose(2, 100_000, (workers) => 1 / workers);
    const measuring = counts.slice(counts.indexOf(1));
    expect(measuring).toEqual([1, 2, 2, 1, 1, 2, 2, 1, 1, 2]);
  });

  test('measures through pauses that cut its stretches', () => {
    const { choice } = choose(2, 10_000, (workers) => 1 / workers, 3);
    expect(choice.chosen).toBe(2);
  });

  test('has nothing to choose with one core, nor in a run that ends while it warms up', () => {
    expect(new WorkerChoice(1, 1000).next()).toBeUndefined();
    expect(choose(2, 5, () => 1).choice.chosen).toBeUndefined();
  });
});

async function trainWith(workers: number | 'auto') {
  const events: TrainEvent[] = [];
  const runsDir = mkdtempSync(join(tmpdir(), 'lockstep-workers-'));
  const onEvent = (event: { type: string }): void => void events.push(event as TrainEvent);
  const { summary } = await train(smallConfig({ workers, epochs: 200 }), { runsDir, onEvent });
  return { summary, events };
}

test('workers: auto gives the bits of one worker, and tells once what it has chosen', async () => {
  const one = await trainWith(1);
  const auto = await trainWith('auto');
  expect(auto.summary.stateSha256).toBe(one.summary.stateSha256);
  expect(auto.summary.trainLoss).toBe(one.summary.trainLoss);
  const choices = auto.events.filter((event) => event.type === 'workers');
  if (availableParallelism() > 1) {
    expect(choices).toHaveLength(1);
    expect(choices[0]).toMatchObject({ workers: auto.summary.workers, of: availableParallelism() });
    expect(auto.events.find((event) => event.type === 'start')).toMatchObject({ isWorkersAuto: true });
  }
  expect(one.events.filter((event) => event.type === 'workers')).toEqual([]);
});

test('limitWorkers changes who trains from stretch to stretch, and no bit; the phases of those who train sum to the step', async () => {
  const config = smallConfig({ workers: 3, epochs: 500 });
  const run = prepareRun(config, { baseDir: '.' });
  const hashes: string[] = [];
  for (const limits of [[3], [3, 1, 2, 1]]) {
    const pool = createPool(3);
    const sums = { step: 0, phases: 0 };
    const onStep = ({ stepMs, phaseMs }: { stepMs: number; phaseMs: Float64Array }): void => {
      sums.step += stepMs;
      sums.phases += phaseMs.slice(0, 7).reduce((sum, ms) => sum + ms, 0);
    };
    try {
      const { engine, hashes: hashesOf } = openSession(run, { pool, onStep });
      await engine.start();
      for (const [i, limit] of limits.entries()) {
        engine.limitWorkers(limit);
        Object.assign(sums, { step: 0, phases: 0 });
        await engine.runTo((1200 * (i + 1)) / limits.length);
        await engine.evaluate('validate');
        if (limit === 1) expect(Math.abs(sums.phases / sums.step - 1)).toBeLessThan(0.05);
      }
      hashes.push(hashesOf().stateSha256);
      await engine.stop();
    } finally {
      await pool.destroy();
    }
  }
  expect(hashes[1]).toBe(hashes[0]);
});
