// Groups, clipping by value, averaging and schedules in a range's UPDATE, on this thread. The oracle is plain JavaScript, float32 by Math.fround.
import { describe, expect, it } from 'vitest';
import { RECORD_CELLS, STRETCH_CELLS } from '#src/engine/memory-map.js';
import { RECORD_RANGES } from '#src/engine/shared-views.js';
import { type OptimizerConfig, optimizerSchema } from '#src/optim/optim.schema.js';
import { scheduleSchema } from '#src/optim/schedule.schema.js';
import { randomNumbers } from '../graph/op-cases.ts';
import { expectClose } from '../plan/expect-close.ts';
import type { PhaseBench } from './phase-bench.ts';
import { openBench } from './small-samples.ts';

const { fround } = Math;

/** p' = p − lr g, by groups. */
const sgd = (keys: Record<string, unknown> = {}): OptimizerConfig =>
  optimizerSchema.parse({ name: 'sgd', lr: 1, ...keys });

/** Gradients of all shards, each of one sample; their mean, rounded as the kernels do it, is `meanOf`. */
function publish(bench: PhaseBench, step: number): void {
  for (let v = 0; v < bench.map.shards; v++) {
    const values = randomNumbers(bench.plan.parameterElements, -1, 1, 31 * step + v);
    bench.setValues(bench.gradient(v), (i) => values[i]);
    bench.views.gradientTail(v).set([1, 1, 0, 1]);
    bench.publish(step, v, v);
  }
}

/** Five slots: ((0 + 1) + (2 + 3)) + 4, times 1/5. */
function meanOf(bench: PhaseBench, name?: string): number[] {
  const slots = [0, 1, 2, 3, 4].map((v) => bench.valuesOf(bench.gradient(v), name));
  return slots[0].map((_, i) => {
    const [a, b, c, d, e] = slots.map((slot) => slot[i]);
    return fround(fround(fround(fround(a + b) + fround(c + d)) + e) * fround(1 / 5));
  });
}

const NAMES = ['dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias'] as const;
const weights = (bench: PhaseBench, step: number, name?: string, array = 0): number[] =>
  bench.valuesOf(bench.generation(step, array), name);
const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const recordOf = (bench: PhaseBench, step: number): Float64Array => {
  const at = bench.views.recordAt(step);
  return bench.views.records.subarray(at, at + bench.map.recordCells);
};
const gradNorm = (bench: PhaseBench, step: number): number =>
  Math.sqrt(
    recordOf(bench, step)
      .subarray(RECORD_RANGES)
      .reduce((sum, cell) => sum + cell, 0),
  );

describe('groups', () => {
  const optimizer = sgd({
    weightDecay: 0.5,
    groups: [
      { match: 'dense1.bias', frozen: true },
      { match: '*.bias', weightDecay: 0, lrScale: 0.25 },
      { match: 'dense2.*', lr: 2 },
    ],
  });
  const RATES: Record<string, [lr: number, decay: number]> = {
    'dense1.weight': [1, 0.5],
    'dense1.bias': [0, 0],
    'dense2.weight': [2, 0.5],
    'dense2.bias': [0.25, 0],
  };

  it.each(NAMES)('%s is updated by the settings of its group', (name) => {
    const bench = openBench({ optimizer });
    publish(bench, 0);
    const before = weights(bench, 0, name);
    bench.runRanges(0);
    const [lr, decay] = RATES[name];
    const mean = meanOf(bench, name);
    const expected = before.map((p, i) => {
      const g = decay === 0 ? mean[i] : fround(mean[i] + fround(decay * p));
      return fround(p - fround(lr * g));
    });
    expect(weights(bench, 1, name)).toEqual(expected);
  });

  it.each([null, 0.25])('the norm, of clipping too, is of what is not frozen; clipNorm %s', (clipNorm) => {
    const bench = openBench({ clipNorm, optimizer: sgd({ groups: [{ match: 'dense1.*', frozen: true }] }) });
    publish(bench, 0);
    const before = weights(bench, 0, 'dense2.weight');
    bench.runRanges(0);
    const all = norm([...meanOf(bench, 'dense2.weight'), ...meanOf(bench, 'dense2.bias')]);
    expect(gradNorm(bench, 0) / all).toBeCloseTo(1, 11);
    const factor = clipNorm === null ? 1 : clipNorm / (all + 1e-6);
    const mean = meanOf(bench, 'dense2.weight');
    const expected = before.map((p, i) => p - factor * mean[i]);
    expectClose(weights(bench, 1, 'dense2.weight'), expected, { relative: 2 ** -20, ofLargest: 2 ** -23 });
  });

  it('a frozen parameter keeps its states and its average, bit for bit', () => {
    const adam = optimizerSchema.parse({ lr: 0.1, groups: [{ match: 'dense1.*', frozen: true }] });
    const bench = openBench({ optimizer: adam, averaging: { ema: 0.9 } });
    for (const array of [1, 2, 3]) bench.setValues(bench.generation(0, array), (i) => i + array);
    publish(bench, 0);
    bench.runRanges(0);
    for (const array of [0, 1, 2, 3]) {
      for (const name of NAMES) {
        const isSame = weights(bench, 1, name, array).every((x, i) => x === weights(bench, 0, name, array)[i]);
        expect(isSame, `${name} ${array}`).toBe(name.startsWith('dense1'));
      }
    }
  });

  it('that say nothing change no bit', () => {
    const bytesWith = (groups: unknown): Buffer => {
      const bench = openBench({ optimizer: optimizerSchema.parse({ name: 'adamw', groups }), clipNorm: 0.5 });
      for (const step of [0, 1, 2]) {
        publish(bench, step);
        bench.runRanges(step);
      }
      return bench.bytes(bench.map.generations[1], bench.map.arrayBytes * 3);
    };
    expect(bytesWith([{ match: '*.bias' }]).equals(bytesWith(undefined))).toBe(true);
  });
});

describe('clipping by value', () => {
  it('limits every element of the mean gradient; the norm is of what it leaves', () => {
    const bench = openBench({ optimizer: sgd(), clipValue: 0.125 });
    bench.generation(0).fill(0);
    publish(bench, 0);
    bench.runRanges(0);
    const clamped = meanOf(bench).map((g) => Math.max(-0.125, Math.min(0.125, g)));
    expect(clamped.filter((g) => Math.abs(g) === 0.125).length).toBeGreaterThan(100);
    expect(weights(bench, 1).map((p) => 0 - p)).toEqual(clamped);
    expect(gradNorm(bench, 0) / norm(clamped)).toBeCloseTo(1, 11);
  });

  it('comes before the norm', () => {
    const bench = openBench({ optimizer: sgd(), clipValue: 0.125, clipNorm: 0.5 });
    bench.generation(0).fill(0);
    publish(bench, 0);
    bench.runRanges(0);
    const clamped = meanOf(bench).map((g) => Math.max(-0.125, Math.min(0.125, g)));
    const factor = 0.5 / (norm(clamped) + 1e-6);
    expectClose(
      weights(bench, 1).map((p) => 0 - p),
      clamped.map((g) => g * factor),
      { relative: 2 ** -22, ofLargest: 0 },
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('hides no %s', (value) => {
    for (const clipNorm of [null, 1]) {
      const bench = openBench({ clipValue: 0.125, clipNorm });
      publish(bench, 0);
      bench.gradient(2)[1500] = value;
      bench.runRanges(0);
      expect(bench.ranges[0].isFinite(0)).toBe(false);
    }
  });
});

it.each([null, 1e-3])(
  'a step whose update makes an infinity shows in isFinite, its gradient is finite; clipNorm %s',
  (clipNorm) => {
    const bench = openBench({ optimizer: sgd({ lr: 3e38 }), clipNorm });
    publish(bench, 0);
    // The mean of one shard's samples: times 3e38 it is beyond float32, after clipping as well.
    for (let buffer = 0; buffer < 3; buffer++) bench.gradient(buffer).fill(1e6, 1500, 1501);
    bench.runRanges(0);
    expect(weights(bench, 1).some((p) => !Number.isFinite(p))).toBe(clipNorm === null);
    expect(bench.ranges[0].isFinite(0)).toBe(clipNorm !== null);
  },
);

it('the average follows the new parameters: old + 0.25 (new - old)', () => {
  const bench = openBench({ optimizer: sgd(), averaging: { ema: 0.75 } });
  bench.setValues(bench.generation(0, 1), (i) => fround(i / 7));
  publish(bench, 0);
  bench.runRanges(0);
  const expected = weights(bench, 1).map((p, i) => {
    const old = fround(i / 7);
    return fround(old + fround(0.25 * fround(p - old)));
  });
  expect(weights(bench, 1, undefined, 1)).toEqual(expected);
});

describe('the learning rate', () => {
  const moved = (bench: PhaseBench, step: number, name: string): number => {
    const [before, after] = [weights(bench, step, name), weights(bench, step + 1, name)];
    return (before[0] - after[0]) / meanOf(bench, name)[0];
  };

  it('is the schedule’s at each step, and groups follow it by its factor', () => {
    const schedule = scheduleSchema.parse({ name: 'step', stepSize: 1, gamma: 0.5 });
    const bench = openBench({ optimizer: sgd({ groups: [{ match: '*.bias', lr: 4 }] }), schedule });
    for (const [step, lr] of [1, 0.5, 0.25].entries()) {
      publish(bench, step);
      bench.runRanges(step);
      expect(recordOf(bench, step)[RECORD_CELLS.lr]).toBe(lr);
      expect(moved(bench, step, 'dense1.weight')).toBeCloseTo(lr, 4);
      expect(moved(bench, step, 'dense1.bias')).toBeCloseTo(4 * lr, 4);
    }
  });

  it('is multiplied by the coordinator’s cell under reduceOnPlateau, and under nothing else', () => {
    for (const [name, lr] of [
      ['reduceOnPlateau', 0.25],
      ['constant', 1],
    ] as const) {
      const bench = openBench({ optimizer: sgd(), schedule: scheduleSchema.parse({ name }) });
      bench.views.stretch[STRETCH_CELLS.lrFactor] = 0.25;
      publish(bench, 0);
      bench.runRanges(0);
      expect(recordOf(bench, 0)[RECORD_CELLS.lr]).toBe(lr);
      expect(moved(bench, 0, 'dense1.weight')).toBeCloseTo(lr, 4);
    }
  });
});

it.each([
  [{ name: 'lamb', lr: 0.01, groups: [{ match: 'dense2.weight', frozen: true }] }],
  [{ name: 'rmsprop', centered: true, momentum: 0.9, groups: [{ match: '*.bias', lrScale: 2 }] }],
  [{ name: 'adam', amsgrad: true }],
])('a range of %j that is done again over garbage gives the same bytes', (keys) => {
  for (const clipNorm of [null, 1, 1e6]) {
    const bench = openBench({
      optimizer: optimizerSchema.parse(keys),
      clipNorm,
      clipValue: 0.3,
      averaging: { ema: 0.9 },
    });
    const values = (step: number): number[] =>
      Array.from({ length: 1 + bench.map.stateCount }, (_, array) => weights(bench, step, undefined, array)).flat();
    for (const step of [0, 1, 2]) {
      publish(bench, step);
      bench.runRanges(step);
      const once = values(step + 1);
      expect(once.every(Number.isFinite)).toBe(true);
      for (let array = 0; array <= bench.map.stateCount; array++) {
        bench.setValues(bench.generation(step + 1, array), () => Number.NaN);
      }
      bench.runRanges(step, (range) => (range + 1) % 2);
      expect(values(step + 1)).toEqual(once);
    }
  }
});

it('lamb’s ranges are whole parameters, and each moves by lr times its own norm', () => {
  const bench = openBench({ optimizer: optimizerSchema.parse({ name: 'lamb', lr: 0.125 }) });
  expect(bench.map.ranges.starts).toEqual([0, 2400]);
  publish(bench, 0);
  bench.runRanges(0);
  for (const name of NAMES) {
    const before = weights(bench, 0, name);
    const step = norm(weights(bench, 1, name).map((p, i) => p - before[i]));
    // The norm of a step is lr · |p| / |u| · |u|, but for float32's roundings.
    expect(step / (0.125 * norm(before))).toBeCloseTo(1, 5);
  }
});
