// A config → what is decided before training; the numbers by hand.
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { prepareRun, resolveWorkers } from '#src/experiment/prepare.js';
import type { TrainConfig } from '#src/index.js';
import { smallConfig } from './small-config.ts';

const prepare = (keys: Record<string, unknown> = {}) => prepareRun(smallConfig(keys), { baseDir: '/' });
const synthetic = (keys: Record<string, unknown>) => ({
  data: { source: 'synthetic', samples: 300, features: 12, classes: 3, ...keys },
});

function refusal(prepared: () => unknown): { message: string; exitCode: number } {
  try {
    prepared();
  } catch (error) {
    return error as { message: string; exitCode: number };
  }
  throw new Error('expected a refusal, got a run');
}

describe('workers', () => {
  it('auto is what the process may use', () => {
    const run = prepare({ workers: 'auto' });
    expect(run.workers).toBe(availableParallelism());
    expect(run.cores).toBe(availableParallelism());
    expect(resolveWorkers(smallConfig({ workers: 'auto' }))).toBe(availableParallelism());
    expect(resolveWorkers(smallConfig({ workers: 7 }))).toBe(7);
  });

  it('memory is laid out for eight, the cores or the workers, whatever is most; or for maxWorkers', () => {
    const most = Math.max(8, availableParallelism());
    expect(prepare({ workers: 2 }).map.maxWorkers).toBe(most);
    expect(prepare({ workers: most + 3 }).map.maxWorkers).toBe(most + 3);
    expect(prepare({ workers: 2, maxWorkers: 2 }).map.maxWorkers).toBe(2);
  });

  it('more than maxWorkers are refused with exit code 2', () => {
    // `auto` workers are known here only; numbers are refused with the config.
    const cores = availableParallelism();
    const config: TrainConfig = { ...smallConfig({ workers: 'auto' }), workers: cores + 2, maxWorkers: cores + 1 };
    expect(refusal(() => prepareRun(config, { baseDir: '/' }))).toMatchObject({
      exitCode: 2,
      message: `workers: expected at most maxWorkers (${cores + 1}), got ${cores + 2}; raise maxWorkers or lower workers`,
    });
    const parsed = refusal(() => smallConfig({ workers: 3, maxWorkers: 2 }));
    expect(parsed.exitCode).toBe(2);
    expect(parsed.message).toMatch(/maxWorkers: expected 3 or more, as workers is 3, got 2/);
  });

  it('changes neither plan nor mathematics', () => {
    const [few, many] = [prepare({ workers: 1 }), prepare({ workers: 8 })];
    expect(many.plan).toEqual(few.plan);
    expect(many.training).toEqual(few.training);
    expect(many.totalSteps).toBe(few.totalSteps);
  });
});

describe('the global batch', () => {
  it('is as large as it is said', () => {
    const run = prepare(synthetic({ batchSize: 32 }));
    expect([run.batchSize, run.stepsPerEpoch]).toEqual([32, 10]);
    // Four shards of 8 rows.
    expect(run.plan.rows).toBe(8);
  });

  it('full is the training part: one step an epoch', () => {
    // 300 samples, 30 to test, 30 to validate.
    const run = prepare(synthetic({ batchSize: 'full', validation: 0.1, test: 0.1 }));
    expect([run.batchSize, run.stepsPerEpoch]).toEqual([240, 1]);
    expect(run.training).toMatchObject({ validationSamples: 30, testSamples: 30, sampler: { trainSamples: 240 } });
  });

  it.each([300, 301, 1_000_000])('of %i is no more than the 300 samples', (batchSize) => {
    const run = prepare(synthetic({ batchSize }));
    expect([run.batchSize, run.stepsPerEpoch]).toEqual([300, 1]);
    // Memory is for ⌈300 / 4⌉ rows a shard at most.
    expect(run.plan.rows).toBeLessThanOrEqual(75);
  });
});

describe('the length', () => {
  it.each([
    // 300 / 32 are nine full steps and one of 12.
    [{ epochs: 3 }, 30, 3],
    [{ epochs: 1 }, 10, 1],
    [{ epochs: undefined, steps: 7 }, 7, null],
    [{ epochs: undefined, steps: 1234 }, 1234, null],
    // Ten epochs where nothing is said.
    [{ epochs: undefined }, 100, 10],
  ])('of %j is %i steps', (keys, totalSteps, epochs) => {
    const run = prepare({ ...synthetic({ batchSize: 32 }), ...keys });
    expect([run.totalSteps, run.epochs]).toEqual([totalSteps, epochs]);
  });
});

describe('the rest of a prepared run', () => {
  it('has the states of the optimizer, and places for them', () => {
    const statesOf = (keys: Record<string, unknown>) => {
      const { states, map } = prepare({ optimizer: keys });
      expect(map.stateCount).toBe(states.names.length);
      return states.names;
    };
    expect(statesOf({ name: 'sgd' })).toEqual([]);
    expect(statesOf({ name: 'sgd', momentum: 0.9 })).toEqual(['momentum']);
    expect(statesOf({ name: 'adam' })).toEqual(['firstMoment', 'secondMoment']);
  });

  it('has a NORM phase only with clipping', () => {
    expect(prepare().map.words.hasNorm).toBe(false);
    expect(prepare().training.clip).toBeUndefined();
    const clipped = prepare({ clip: { norm: 0.5 } });
    expect(clipped.map.words.hasNorm).toBe(true);
    expect(clipped.training.clip).toEqual({ norm: 0.5 });
    expect(prepare({ clip: { value: 0.5 } }).map.words.hasNorm).toBe(false);
  });

  it('has the seed, the shards and the shuffle in its sampler', () => {
    const { sampler } = prepare({ ...synthetic({ shuffle: false }), seed: 5, shards: 3 }).training;
    expect(sampler).toEqual({ seed: 5, trainSamples: 300, batchSize: 64, shards: 3, isShuffled: false });
  });

  it('resolves numerics, once', () => {
    expect(prepare({ numerics: 'portable' }).numerics).toEqual({
      numerics: 'portable',
      build: 'simd',
      identity: 'wasm-simd',
    });
    expect(prepare({ numerics: 'fast' }).numerics.numerics).toBe('fast');
  });
});

describe('a run that cannot begin is refused with exit code 2', () => {
  it.each([
    ['a model whose output does not fit the classes', { model: [{ dense: 2 }] }, /dense1.*3/],
    ['a loss that does not fit the target', { ...synthetic({}), loss: 'mse' }, /mse|loss/],
    [
      'more than 4 GiB',
      { model: [{ dense: 30_000 }, { dense: 30_000 }, { dense: 3 }] },
      /memory: expected at most 4096 MiB/,
    ],
    ['a file that is not there', { data: { source: 'csv', file: 'nowhere.csv', target: 0 } }, /nowhere\.csv/],
  ])('%s', (_title, keys, message) => {
    const error = refusal(() => prepare(keys));
    expect(error.exitCode).toBe(2);
    expect(error.message).toMatch(message);
    // One line: <where>: expected <what>, got <value>; <what to do>.
    expect(error.message).toMatch(/^[^\n]+: expected [^\n]+, got [^\n]+; [^\n]+$/);
  });
});
