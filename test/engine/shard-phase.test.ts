// Shards on this thread: against the plan run on the sampler's ids (bit for bit), and against one shard of the whole batch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardSampleIds } from '#src/data/sampler.js';
import { randomSamples } from '../plan/dense-stack.ts';
import { expectClose } from '../plan/expect-close.ts';
import { BACKENDS, PlanBench } from '../plan/plan-bench.ts';
import type { PhaseBench } from './phase-bench.ts';
import { openBench } from './small-samples.ts';

const never = (): boolean => false;
const identityIds = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);

/** Gradient and tail of a buffer: what a shard is. */
const result = (bench: PhaseBench, buffer: number): Buffer =>
  bench.bytes(bench.map.gradients + buffer * bench.map.gradientStride, bench.map.gradientStride);

/** As if a shard of other weights had been there: the padding between parameters is written by nobody and stays 0. */
function soil(bench: PhaseBench, buffer: number): void {
  bench.setValues(bench.gradient(buffer), () => Number.NaN);
  bench.views.gradientTail(buffer).fill(Number.NaN);
}

describe.each(BACKENDS)('on %s', (backend) => {
  it.each(['auto', 1, 3] as const)(
    'a shard is the plan run on the ids of the sampler, micro-batch %s',
    (microBatch) => {
      // 64 samples in batches of 23: an epoch ends with 18, in shards of 4 and 3.
      const bench = openBench({ backend, batchSize: 23, isShuffled: true, microBatch });
      const samples = randomSamples(
        {
          name: 'small',
          samples: 64,
          input: { shape: [40], storage: 'f32', divisor: 1 },
          target: { kind: 'class', storage: 'i32', classes: 5 },
        },
        1,
      );
      const oracle = new PlanBench(bench.plan, samples, backend);
      bench.generation(1).set(bench.generation(0));
      oracle.parameters.set(bench.generation(0));
      for (const step of [0, 1, 2, 3, 5]) {
        for (let shard = 0; shard < 5; shard++) {
          soil(bench, 6);
          expect(bench.shards[0].run(step, shard, 6, never)).toBe(true);
          const ids = [...shardSampleIds(bench.sampler, identityIds(64), step, shard)];
          oracle.train(ids);
          expect(bench.valuesOf(bench.gradient(6))).toEqual(bench.valuesOf(oracle.gradients));
          expect([...bench.views.gradientTail(6)]).toEqual([...oracle.sums, ids.length]);
        }
      }
    },
  );

  it('the shards of a global batch sum to the whole batch in one', () => {
    const whole = openBench({ backend: 'reference', shards: 1, microBatch: 17 });
    const bench = openBench({ backend, microBatch: 2 });
    bench.generation(1).set(bench.generation(0));
    whole.generation(1).set(whole.generation(0));
    whole.runShards(1);
    bench.runShards(1);
    const parts = [0, 1, 2, 3, 4].map((buffer) => bench.valuesOf(bench.gradient(buffer)));
    const sum = parts[0].map((_, i) => parts.reduce((total, part) => total + part[i], 0));
    // 17 samples summed in another order, each by a few float32 operations: 17 · 2^-24 · 4 of the largest.
    expectClose(sum, whole.valuesOf(whole.gradient(0)), { relative: 1e-5, ofLargest: 4e-6 });
    const tails = [0, 1, 2, 3, 4].map((buffer) => [...bench.views.gradientTail(buffer)]);
    const total = (cell: number): number => tails.reduce((all, tail) => all + tail[cell], 0);
    const [lossNumerator, denominator, correct, samples] = whole.views.gradientTail(0);
    expect(total(0) / lossNumerator).toBeCloseTo(1, 5);
    expect([total(1), total(2), total(3)]).toEqual([denominator, correct, samples]);
    expect(samples).toBe(17);
  });

  it('gives the same bytes again, in any buffer and seat, whatever lay there', () => {
    const bench = openBench({ backend, microBatch: 2 });
    bench.shards[0].run(0, 2, 0, never);
    const once = result(bench, 0);
    for (const [seat, buffer] of [
      [0, 0],
      [1, 0],
      [0, 6],
      [1, 3],
    ]) {
      soil(bench, buffer);
      // Another shard's activations lie in the seat.
      bench.shards[seat].run(0, 4, 5, never);
      bench.shards[seat].run(0, 2, buffer, never);
      expect(result(bench, buffer).equals(once)).toBe(true);
    }
  });
});

describe('a shard', () => {
  it('counts nothing when it is empty: a global batch of 3 in 5 shards', () => {
    const bench = openBench({ batchSize: 3 });
    for (let buffer = 0; buffer < 5; buffer++) soil(bench, buffer);
    bench.runShards(0);
    const tails = [0, 1, 2, 3, 4].map((buffer) => [...bench.views.gradientTail(buffer)]);
    expect(tails.map((tail) => tail[3])).toEqual([1, 1, 1, 0, 0]);
    expect(tails.slice(3)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    const totals = bench.ranges[0].totals.read(0);
    expect([totals.filledShards, totals.denominator, totals.samples]).toEqual([3, 3, 3]);
  });

  it('every sample of an epoch is in exactly one shard, for any samples, batch and V', () => {
    const sizes = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      batchSize: fc.integer({ min: 1, max: 40 }),
      shards: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(sizes, ({ count, batchSize, shards }) => {
        const bench = openBench({ count, batchSize: Math.min(batchSize, count), shards });
        let samples = 0;
        let denominator = 0;
        bench.generation(1).set(bench.generation(0));
        for (let step = 0; step < Math.ceil(count / Math.min(batchSize, count)); step++) {
          bench.runShards(step);
          const totals = bench.ranges[step % 2].totals.read(step);
          samples += totals.samples;
          denominator += totals.denominator;
        }
        expect([samples, denominator]).toEqual([count, count]);
      }),
      { numRuns: 40 },
    );
  });

  it('reads the generation of its step', () => {
    const bench = openBench({ count: 17 });
    bench.setValues(bench.generation(1), () => 0);
    const lossOf = (step: number): number => {
      bench.runShards(step);
      // Totals are read once a step and worker: each step asks another one.
      return bench.ranges[step].totals.read(step).lossNumerator;
    };
    // Weights of 0 give every class the same probability: ln 5 a sample; one exp and log of 2 ulps each a row.
    const [random, zero] = [lossOf(0), lossOf(1)];
    expect(zero / (17 * Math.log(5))).toBeCloseTo(1, 6);
    expect(Math.abs(random - zero)).toBeGreaterThan(0.1);
  });

  it('writes its own buffer and its seat only', () => {
    const bench = openBench({ microBatch: 2 });
    const { map } = bench;
    const [buffer, seat] = [3, 1];
    const own = map.gradients + buffer * map.gradientStride;
    const rest = (): Buffer[] => {
      const seatAt = map.seats + seat * map.seatStride;
      const parts: [number, number][] = [
        [map.words64, map.seatCells],
        [map.stretch, own],
        [own + map.gradientStride, seatAt],
        [seatAt + map.seatStride, map.byteLength],
      ];
      return parts.map(([begin, end]) => bench.bytes(begin, end - begin));
    };
    const before = rest();
    bench.shards[seat].run(0, 0, buffer, never);
    rest().forEach((bytes, i) => void expect(bytes.equals(before[i])).toBe(true));
  });

  it('gives up between any two kernel calls, says at which, and comes right the next time', () => {
    const bench = openBench({ microBatch: 2, batchSize: 20 });
    const { gather, forward, backward } = bench.plan.train;
    const calls = [...gather, ...forward, ...backward];
    let asked = 0;
    const count = (): boolean => {
      asked++;
      return false;
    };
    expect(bench.shards[0].run(0, 0, 0, count)).toBe(true);
    const once = result(bench, 0);
    // Four samples in micro-batches of two.
    expect(asked).toBe(2 * calls.length);
    for (let stopAt = 0; stopAt < asked; stopAt++) {
      let left = stopAt;
      expect(bench.shards[0].run(0, 0, 0, () => left-- === 0)).toBe(false);
      expect(bench.shards[0].current()).toBe(calls[stopAt % calls.length].label);
    }
    expect(bench.shards[0].run(0, 0, 0, never)).toBe(true);
    expect(result(bench, 0).equals(once)).toBe(true);
  });
});
