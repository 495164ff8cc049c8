// Chunks of an evaluation on this thread, against the plan run over all samples of the part at once.
import { describe, expect, it } from 'vitest';
import { EvaluationPhase } from '#src/engine/evaluation-phase.js';
import { PHASE } from '#src/engine/protocol-words.js';
import { BACKENDS } from '../plan/plan-bench.ts';
import type { PhaseBench } from './phase-bench.ts';
import { openBench } from './small-samples.ts';

const open = (bench: PhaseBench, seat = 0): EvaluationPhase =>
  new EvaluationPhase(bench.plan, bench.kernels, bench.map, bench.views, bench.training, seat);

function evaluate(bench: PhaseBench, phase: number, step = 0): number[] {
  const workers = [open(bench, 0), open(bench, 1)];
  bench.views.chunkCells.fill(Number.NaN);
  for (let chunk = 0; chunk < bench.map.chunks; chunk++) workers[chunk % 2].run(step, phase, chunk);
  const { chunks, sumCells } = bench.map;
  return [0, 1, 2].map((cell) =>
    Array.from({ length: chunks }, (_, c) => bench.views.chunkCells[c * sumCells + cell]).reduce((a, b) => a + b),
  );
}

/** The sums of training on the same samples, as one shard of one batch: another way to the same loss. */
function trainSums(bench: PhaseBench, count: number, first: number): number[] {
  new Uint32Array(bench.memory.buffer, bench.map.orders, count).set(Array.from({ length: count }, (_, i) => first + i));
  bench.runShards(0);
  const { lossNumerator, denominator, correct } = bench.ranges[0].totals.read(0);
  return [lossNumerator, denominator, correct];
}

describe.each(BACKENDS)('on %s', (backend) => {
  // 64 samples: 0 to 26 train, 27 to 52 validate, 53 to 63 test; chunks of two rows.
  const keys = { backend, validationSamples: 26, testSamples: 11, shards: 4, microBatch: 2 };

  it.each([
    ['validate', 26, 27],
    ['test', 11, 53],
  ] as const)('%s covers every sample of its part once', (part, count, first) => {
    const bench = openBench({ ...keys, batchSize: 27 });
    const sums = evaluate(bench, PHASE[part]);
    const oracle = openBench({ ...keys, batchSize: count });
    const [loss, denominator, correct] = trainSums(oracle, count, first);
    // float64 sums of the same float32 losses in another order, but for gemm's row count: no more than some ulps of float32.
    expect(sums[0] / loss).toBeCloseTo(1, 6);
    expect(sums.slice(1)).toEqual([denominator, correct]);
    expect(denominator).toBe(count);
  });
});

describe('an evaluation', () => {
  const keys = { validationSamples: 26, testSamples: 3, microBatch: 2, batchSize: 27 };

  it('assigns a chunk’s cells, so that a chunk done again changes nothing', () => {
    const bench = openBench(keys);
    evaluate(bench, PHASE.validate);
    const once = [...bench.views.chunkCells];
    for (let chunk = 0; chunk < bench.map.chunks; chunk++) open(bench, 1).run(0, PHASE.validate, chunk);
    expect([...bench.views.chunkCells]).toEqual(once);
  });

  it('leaves the chunks at 0 that a small part does not reach', () => {
    const bench = openBench(keys);
    evaluate(bench, PHASE.test);
    const { chunks, sumCells } = bench.map;
    expect(chunks).toBe(13);
    expect([...bench.views.chunkCells.subarray(3 * sumCells)]).toEqual(new Array((chunks - 3) * sumCells).fill(0));
  });

  it('reads the committed generation, testBest the weights that were kept', () => {
    const bench = openBench(keys);
    bench.setValues(bench.generation(1), () => 0);
    bench.floats(bench.map.best, bench.plan.parameterElements).fill(0);
    const uniform = 3 * Math.log(5);
    expect(evaluate(bench, PHASE.test, 1)[0]).toBeCloseTo(uniform, 5);
    expect(evaluate(bench, PHASE.testBest, 0)[0]).toBeCloseTo(uniform, 5);
    expect(Math.abs(evaluate(bench, PHASE.test, 0)[0] - uniform)).toBeGreaterThan(0.01);
  });
});
