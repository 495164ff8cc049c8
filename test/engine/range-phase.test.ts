// Ranges on this thread, fed with gradients made here. The oracle is plain JavaScript, float32 by Math.fround.
import { describe, expect, it } from 'vitest';
import { RECORD_CELLS } from '#src/engine/memory-map.js';
import { PHASE } from '#src/engine/protocol-words.js';
import { RECORD_RANGES } from '#src/engine/shared-views.js';
import { type OptimizerConfig, optimizerSchema } from '#src/optim/optim.schema.js';
import { randomNumbers } from '../graph/op-cases.ts';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS } from '../plan/plan-bench.ts';
import { type PhaseBench, PLAIN_SGD } from './phase-bench.ts';
import { openBench } from './small-samples.ts';

const { fround } = Math;
const ADAM: OptimizerConfig = optimizerSchema.parse({ name: 'adamw', lr: 0.01, weightDecay: 0.1 });

/** p' = p − g with p = 0: what the optimizer saw can be read from the new weights, but for the sign. */
const SHOW_GRADIENT: OptimizerConfig = { ...PLAIN_SGD, lr: 1 };

/** Sums that a shard left: loss numerator, denominator, correct answers, samples. */
const tailOf = (shard: number): number[] => [0.1 * (shard + 1), 3 + shard, shard % 3, 4];

/** Gradients and tails of all shards, published: shard v in buffer V + 1 − v, so that no buffer is its slot's number. */
function publishGradients(bench: PhaseBench, step: number, scale = 1): number[][] {
  const { shards } = bench.map;
  return Array.from({ length: shards }, (_, v) => {
    const buffer = shards + 1 - v;
    const values = randomNumbers(bench.plan.parameterElements, -scale, scale, 31 * step + v).map(fround);
    bench.setValues(bench.gradient(buffer), (i) => values[i]);
    bench.views.gradientTail(buffer).set(tailOf(v));
    bench.publish(step, v, buffer);
    return bench.valuesOf(bench.gradient(buffer));
  });
}

/** The tree sum of `count` ≥ 1 numbers by halves: written from its definition, each addition rounded by `round`. */
function treeSum(values: readonly number[], round: (x: number) => number): number {
  if (values.length === 1) return values[0];
  const half = 2 ** Math.floor(Math.log2(values.length - 1));
  return round(treeSum(values.slice(0, half), round) + treeSum(values.slice(half), round));
}

/** Σ over the shards, times 1 / denominator. */
function meanGradient(gradients: readonly number[][]): number[] {
  const denominator = treeSum(
    gradients.map((_, v) => tailOf(v)[1]),
    (x) => x,
  );
  return gradients[0].map((_, i) =>
    fround(
      treeSum(
        gradients.map((gradient) => gradient[i]),
        fround,
      ) * fround(1 / denominator),
    ),
  );
}

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const seen = (bench: PhaseBench, step = 0): number[] => bench.valuesOf(bench.generation(step + 1)).map((x) => 0 - x);

function openZeroed(keys: Parameters<typeof openBench>[0]): PhaseBench {
  const bench = openBench({ optimizer: SHOW_GRADIENT, ...keys });
  bench.generation(0).fill(0);
  return bench;
}

/** All bytes that a step leaves for the next ones and for the coordinator, but for the record's time. */
function stateBytes(bench: PhaseBench, step: number): Buffer {
  const { map, views } = bench;
  const next = bench.bytes(map.generations[(step + 1) & 1], map.arrayBytes * (1 + map.stateCount));
  const record = views.records.slice(views.recordAt(step), views.recordAt(step) + map.recordCells);
  record[RECORD_CELLS.time] = 0;
  return Buffer.concat([next, Buffer.from(record.buffer)]);
}

const CASES = BACKENDS.flatMap((backend) => [1, 2, 3, 5, 8, 11].map((shards) => [backend, shards] as const));

describe.each(CASES)('on %s with %i shards', (backend, shards) => {
  it('the optimizer sees the tree sum of the slots times 1 / denominator, bit for bit', () => {
    const bench = openZeroed({ backend, shards, batchSize: 20 });
    const gradients = publishGradients(bench, 0);
    bench.runRanges(0);
    expect(seen(bench)).toEqual(meanGradient(gradients));
  });

  it('clips the global norm as plain JavaScript does', () => {
    const bench = openZeroed({ backend, shards, batchSize: 20, clipNorm: 0.25 });
    const mean = meanGradient(publishGradients(bench, 0));
    const factor = 0.25 / (norm(mean) + 1e-6);
    expect(factor).toBeLessThan(0.9);
    bench.runRanges(0);
    // The factor and the product are rounded to float32 once each; the norm itself is a float64 sum.
    expectClose(
      seen(bench),
      mean.map((x) => x * factor),
      { relative: 2 ** -22, ofLargest: 0 },
    );
    expect(norm(seen(bench))).toBeCloseTo(0.25, 4);
  });

  it('leaves a gradient alone whose norm is small enough', () => {
    const bench = openZeroed({ backend, shards, batchSize: 20, clipNorm: 1000 });
    const gradients = publishGradients(bench, 0);
    bench.runRanges(0);
    expect(seen(bench)).toEqual(meanGradient(gradients));
  });
});

describe.each([null, 0.25])('with clipNorm %s', (clipNorm) => {
  it('the record has the sums over the shards, the learning rate and the unclipped norm', () => {
    const bench = openZeroed({ clipNorm });
    const mean = meanGradient(publishGradients(bench, 0));
    bench.runRanges(0);
    const { records } = bench.views;
    const at = bench.views.recordAt(0);
    const sums = (cell: number): number =>
      treeSum(
        [0, 1, 2, 3, 4].map((v) => tailOf(v)[cell]),
        (x) => x,
      );
    expect(records[at + RECORD_CELLS.lossNumerator]).toBe(sums(0));
    expect(records[at + RECORD_CELLS.denominator]).toBe(3 + 4 + 5 + 6 + 7);
    expect(records[at + RECORD_CELLS.correct]).toBe(0 + 1 + 2 + 0 + 1);
    expect(records[at + RECORD_CELLS.samples]).toBe(20);
    expect(records[at + RECORD_CELLS.lr]).toBe(1);
    expect(records[at + RECORD_CELLS.isSkipped]).toBe(0);
    const cells = records.subarray(at + RECORD_RANGES, at + RECORD_RANGES + bench.map.ranges.count);
    expect(cells.length).toBe(3);
    // A float64 sum of 2,765 squares in another order: 2,765 · 2^-53.
    expect(Math.sqrt(cells.reduce((sum, cell) => sum + cell, 0)) / norm(mean)).toBeCloseTo(1, 11);
  });

  it('a range that is done again, by another worker and over garbage, gives the same bytes', () => {
    const bench = openBench({ clipNorm, optimizer: ADAM });
    for (const step of [0, 1, 2]) {
      publishGradients(bench, step);
      bench.runRanges(step);
      const once = stateBytes(bench, step);
      // The first owner was gone in the middle of everything: each range it wrote may be torn.
      for (let array = 0; array < 3; array++) bench.generation(step + 1, array).fill(Number.NaN);
      bench.runRanges(step, (range) => (range + 1) % 2);
      expect(stateBytes(bench, step).equals(once)).toBe(true);
      bench.runRanges(step);
      expect(stateBytes(bench, step).equals(once)).toBe(true);
    }
  });

  it('what an older step left in the generation that is written does not matter', () => {
    const open = (garbage: number): Buffer => {
      const bench = openBench({ clipNorm, optimizer: ADAM });
      for (let array = 0; array < 3; array++) bench.setValues(bench.generation(1, array), () => garbage);
      publishGradients(bench, 0);
      bench.runRanges(0);
      return bench.bytes(bench.map.generations[1], 3 * bench.map.arrayBytes);
    };
    const clean = openBench({ clipNorm, optimizer: ADAM });
    publishGradients(clean, 0);
    clean.runRanges(0);
    const bytes = clean.bytes(clean.map.generations[1], 3 * clean.map.arrayBytes);
    expect(open(1e30).equals(bytes)).toBe(true);
    expect(open(Number.NaN).equals(bytes)).toBe(true);
  });

  it('reads slots and the old generation only: nothing is reduced in place', () => {
    const bench = openBench({ clipNorm, optimizer: ADAM });
    publishGradients(bench, 0);
    const { map } = bench;
    const sources = (): Buffer =>
      Buffer.concat([
        bench.bytes(map.generations[0], 3 * map.arrayBytes),
        bench.bytes(map.gradients, (map.shards + map.maxWorkers) * map.gradientStride),
        bench.bytes(map.words64, map.words.count64 * 8),
      ]);
    const before = sources();
    bench.runRanges(0);
    expect(sources().equals(before)).toBe(true);
  });

  it('a denominator of 0 copies the generation and says that the step was skipped', () => {
    const bench = openBench({ clipNorm, optimizer: ADAM });
    publishGradients(bench, 0);
    bench.runRanges(0);
    publishGradients(bench, 1);
    for (let buffer = 0; buffer < bench.map.shards + bench.map.maxWorkers; buffer++) {
      bench.views.gradientTail(buffer)[1] = 0;
    }
    bench.runRanges(1);
    for (let array = 0; array < 3; array++) {
      expect([...bench.generation(2, array)]).toEqual([...bench.generation(1, array)]);
    }
    const at = bench.views.recordAt(1);
    expect(bench.views.records[at + RECORD_CELLS.isSkipped]).toBe(1);
    expect(bench.views.records[at + RECORD_CELLS.samples]).toBe(20);
    expect(bench.ranges[0].isFinite(1)).toBe(true);
    expect(bench.views.records[bench.views.recordAt(0) + RECORD_CELLS.isSkipped]).toBe(0);
  });

  it('shards without samples count nothing, whatever lies in their buffers', () => {
    // 43 samples in batches of 20: step 2 has three, so the last two of five shards are empty.
    const bench = openZeroed({ clipNorm, count: 43, batchSize: 20 });
    const gradients = publishGradients(bench, 2);
    for (const v of [3, 4]) {
      const buffer = bench.map.shards + 1 - v;
      bench.setValues(bench.gradient(buffer), () => Number.NaN);
      bench.views.gradientTail(buffer).fill(Number.NaN);
    }
    bench.runRanges(2);
    const { totals } = bench.ranges[0];
    expect(totals.filledShards).toBe(3);
    expect([totals.denominator, totals.correct, totals.samples]).toEqual([3 + 4 + 5, 0 + 1 + 2, 12]);
    const mean = meanGradient(gradients.slice(0, 3));
    const factor = clipNorm === null ? 1 : Math.min(1, clipNorm / (norm(mean) + 1e-6));
    expectClose(
      seen(bench, 2),
      mean.map((x) => x * factor),
      { relative: clipNorm === null ? 0 : 2 ** -22, ofLargest: 0 },
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('one %s in any range shows in isFinite', (value) => {
    const bench = openBench({ clipNorm });
    publishGradients(bench, 0);
    bench.runRanges(0);
    expect(bench.ranges[0].isFinite(0)).toBe(true);
    for (const element of [0, 1030, 2700]) {
      publishGradients(bench, 0);
      bench.gradient(bench.map.shards + 1)[element] = value;
      bench.runRanges(0);
      expect(bench.ranges[1].isFinite(0)).toBe(false);
    }
  });
});

it('NORM writes the reduced gradient and the ranges’ cells, and no weights', () => {
  const bench = openZeroed({ clipNorm: 1 });
  const mean = meanGradient(publishGradients(bench, 0));
  for (let r = 0; r < bench.map.ranges.count; r++) bench.ranges[0].run(0, PHASE.norm, r);
  expect(bench.valuesOf(bench.floats(bench.map.reduced, bench.plan.parameterElements))).toEqual(mean);
  expect(bench.generation(1).every((x) => x === 0)).toBe(true);
  expect(bench.views.records[bench.views.recordAt(0) + RECORD_CELLS.time]).toBe(0);
});

it('the bits do not depend on clipping as long as nothing is clipped', () => {
  const weightsWith = (clipNorm: number | null): number[] => {
    const bench = openBench({ clipNorm, optimizer: ADAM });
    for (const step of [0, 1, 2, 3]) {
      publishGradients(bench, step);
      bench.runRanges(step);
    }
    return [...bench.generation(4)];
  };
  expect(weightsWith(1e6)).toEqual(weightsWith(null));
});

describe.each([{ clipNorm: null }, { clipNorm: 0.25 }, { clipNorm: null, clipValue: 0.01 }])(
  'the sums for the noise scale, with %o',
  (clip) => {
    const sumsOf = (bench: PhaseBench, step: number): number[] => {
      const { map, views } = bench;
      const at = views.recordAt(step) + map.noiseCells;
      const sum = (begin: number): number =>
        views.records.slice(begin, begin + map.ranges.count).reduce((a, b) => a + b);
      return [sum(at), sum(at + map.ranges.count)];
    };

    it('are those of the shards, each by its own count, and of the unclipped mean', () => {
      const bench = openBench({ ...clip, noiseScaleSteps: 2, batchSize: 20 });
      const gradients = publishGradients(bench, 2);
      const mean = meanGradient(gradients);
      bench.runRanges(2, (range) => range % 2);
      const [shardSquares, squares] = sumsOf(bench, 2);
      // Four samples a shard, a denominator of its own each: 4 ‖g / d‖².
      const expected = gradients.map((gradient, v) => 4 * norm(gradient.map((x) => x / tailOf(v)[1])) ** 2);
      expect(shardSquares / expected.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(squares / norm(mean) ** 2).toBeCloseTo(1, 11);
      const at = bench.views.recordAt(2);
      expect(bench.views.records[at + RECORD_CELLS.noiseShards]).toBe(5);
      expect(bench.views.records[at + RECORD_CELLS.noiseSamples]).toBe(20);
    });

    it('leave out shards without samples that count, and there are none of one shard alone', () => {
      const bench = openBench({ ...clip, noiseScaleSteps: 1, batchSize: 20 });
      const gradients = publishGradients(bench, 0);
      const bufferOf = (v: number): number => bench.map.shards + 1 - v;
      for (const v of [1, 3]) bench.views.gradientTail(bufferOf(v))[1] = 0;
      bench.runRanges(0);
      const expected = [0, 2, 4].map((v) => 4 * norm(gradients[v].map((x) => x / tailOf(v)[1])) ** 2);
      expect(sumsOf(bench, 0)[0] / expected.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      const cell = (step: number, name: 'noiseShards' | 'noiseSamples'): number =>
        bench.views.records[bench.views.recordAt(step) + RECORD_CELLS[name]];
      expect([cell(0, 'noiseShards'), cell(0, 'noiseSamples')]).toEqual([3, 12]);
      publishGradients(bench, 1);
      for (const v of [1, 2, 3, 4]) bench.views.gradientTail(bufferOf(v))[1] = 0;
      bench.runRanges(1);
      expect(cell(1, 'noiseShards')).toBe(0);
    });

    it('change no byte of the new generation, are not there in other steps, and are the same when a range is done again', () => {
      const [bench, without] = [openBench({ ...clip, noiseScaleSteps: 2 }), openBench(clip)];
      for (const one of [bench, without])
        for (const step of [0, 1]) {
          publishGradients(one, step);
          one.runRanges(step);
        }
      const generation = (one: PhaseBench): Buffer => one.bytes(one.map.generations[0], one.map.arrayBytes);
      expect(generation(bench).equals(generation(without))).toBe(true);
      expect(bench.views.records[bench.views.recordAt(1) + RECORD_CELLS.noiseShards]).toBe(0);
      const again = openBench({ ...clip, noiseScaleSteps: 2 });
      publishGradients(again, 0);
      again.runRanges(0);
      const once = stateBytes(again, 0);
      again.runRanges(0, () => 1);
      expect(stateBytes(again, 0).equals(once)).toBe(true);
    });
  },
);
