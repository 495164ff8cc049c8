// The memory map: its regions against the sizes that their readers use, worked out here, and its advice against following it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatasetSpec } from '#src/data/source.js';
import {
  evaluationChunks,
  MAX_MEMORY_BYTES,
  MemoryError,
  type MemoryMap,
  type MemoryShape,
  mapMemory,
  SEAT_CELL_COUNT,
} from '#src/engine/memory-map.js';
import { gemmScratchBytes, treeSumScratchBytes } from '#src/kernels/gemm-scratch.js';
import { buildModel } from '#src/nn/build-model.js';
import { compilePlan } from '#src/plan/compile.js';
import type { Plan } from '#src/plan/plan.js';
import { denseStack } from '../plan/dense-stack.ts';

interface Region {
  name: string;
  begin: number;
  bytes: number;
  alignment: number;
}

/** Every region with what its readers touch: shared-views.ts, session.ts, the phases, the engine. */
function regionsOf(map: MemoryMap, { plan, dataset, parts, maxWorkers, hasNorm }: MemoryShape): Region[] {
  const elementBytes = { u8: 1, i32: 4, f32: 4 };
  const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const { input, target, samples } = dataset;
  const targetElements = target.kind === 'class' ? 1 : product(target.shape);
  const generation = plan.parameterElements * 4 * (1 + map.stateCount);
  const region = (name: string, begin: number, bytes: number, alignment = 64): Region => ({
    name,
    begin,
    bytes,
    alignment,
  });
  return [
    region('words64', map.words64, map.words.count64 * 8),
    region('words32', map.words32, map.words.count32 * 4),
    region('seatCells', map.seatCells, maxWorkers * SEAT_CELL_COUNT * 8, 4096),
    region('stretch', map.stretch, 24),
    region('recordRing', map.recordRing, map.records * map.recordCells * 8),
    region('chunkCells', map.chunkCells, map.chunks * map.sumCells * 8),
    region('constants', map.constants, plan.constants.length * 4),
    region('generation 0', map.generations[0], generation, 4096),
    region('generation 1', map.generations[1], generation, 4096),
    region('best', map.best, parts.validation > 0 ? plan.parameterElements * 4 : 0),
    region('reduced', map.reduced, hasNorm ? plan.parameterElements * 4 : 0),
    ...Array.from({ length: map.shards + maxWorkers }, (_, b) =>
      region(`gradient ${b}`, map.gradients + b * map.gradientStride, map.gradientTail + (map.sumCells + 1) * 8),
    ),
    ...Array.from({ length: maxWorkers }, (_, seat) => seatRegions(map, plan, seat)).flat(),
    region('inputs', map.inputs, samples * product(input.shape) * elementBytes[input.storage], 4096),
    region('targets', map.targets, samples * targetElements * elementBytes[target.storage]),
    ...Array.from({ length: map.orderCount }, (_, e) =>
      region(`order ${e}`, map.orders + e * map.orderBytes, parts.train * 4, 4),
    ),
    region('validationIds', map.validationIds, parts.validation * 4),
    region('testIds', map.testIds, parts.test * 4),
  ];
}

function seatRegions(map: MemoryMap, plan: Plan, seat: number): Region[] {
  const at = map.seats + seat * map.seatStride;
  return [
    { name: `activations ${seat}`, begin: at, bytes: plan.activationBytes, alignment: 4096 },
    { name: `scratch ${seat}`, begin: at + map.seatScratch, bytes: plan.scratchBytes, alignment: 64 },
    { name: `range ${seat}`, begin: at + map.seatRange, bytes: map.ranges.elements * 4, alignment: 64 },
    { name: `slots ${seat}`, begin: at + map.seatSlots, bytes: map.shards * 4, alignment: 64 },
    { name: `tree ${seat}`, begin: at + map.seatTree, bytes: treeSumScratchBytes(map.shards), alignment: 64 },
  ];
}

function checkMap(map: MemoryMap, shape: MemoryShape): void {
  const regions = regionsOf(map, shape).sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  // The kernels' constants lie below.
  let end = 65_536;
  for (const { name, begin, bytes, alignment } of regions) {
    expect(begin % alignment, `${name} at ${begin}`).toBe(0);
    expect(begin, `${name} and what lies before it`).toBeGreaterThanOrEqual(end);
    end = begin + bytes;
  }
  expect(map.byteLength).toBeGreaterThanOrEqual(end);
  expect(map.byteLength % 65_536).toBe(0);
  expect(map.byteLength - end).toBeLessThan(65_536);
  // What lies beside float64 cells is read as float64.
  expect(map.gradientTail % 8).toBe(0);
  expect(map.gradientTail).toBeGreaterThanOrEqual(map.arrayBytes);
  expect(map.rows.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0)).toBe(map.byteLength);
  for (const { region, allocatedBytes, residentBytes } of map.rows) {
    expect(residentBytes, region).toBeLessThanOrEqual(allocatedBytes);
  }
}

const counts = {
  shards: fc.integer({ min: 1, max: 70 }),
  workers: fc.integer({ min: 1, max: 20 }),
  moreSeats: fc.integer({ min: 0, max: 60 }),
  stateCount: fc.integer({ min: 0, max: 2 }),
  hasNorm: fc.boolean(),
  hasWholeRanges: fc.boolean(),
  validation: fc.integer({ min: 0, max: 2000 }),
  test: fc.integer({ min: 0, max: 2000 }),
};

describe('mapMemory', () => {
  it('places regions that never overlap, aligned, in whole pages of 64 KiB that the table sums to', () => {
    fc.assert(
      fc.property(denseStack, fc.record(counts), fc.integer({ min: 1, max: 5000 }), (stack, random, train) => {
        const { shards, workers, moreSeats, stateCount, hasNorm, hasWholeRanges, validation, test } = random;
        const dataset = { ...stack.spec, samples: train + validation + test };
        const plan = compilePlan(stack.model, {
          numerics: 'portable',
          microBatch: 'auto',
          largestShardRows: 32,
          dataset,
        });
        const parts = { train, validation, test };
        const maxWorkers = workers + moreSeats;
        const shape = { plan, dataset, parts, shards, workers, maxWorkers, stateCount, hasNorm, hasWholeRanges };
        checkMap(mapMemory(shape), shape);
      }),
      { numRuns: 80 },
    );
  });

  it('keeps at least two epochs’ orders, 16 records and no more chunks than 256', () => {
    const shape = { ...LARGE, samples: 3_000_000, features: 4, hidden: 8 };
    const { map } = mapLarge(shape);
    expect(map.orderCount).toBe(2);
    expect(map.records).toBeGreaterThanOrEqual(16);
    expect(mapLarge({ ...LARGE, samples: 30, features: 4, hidden: 8 }).map.orderCount).toBe(256);
    expect([evaluationChunks(0, 16), evaluationChunks(17, 16), evaluationChunks(1e6, 16)]).toEqual([0, 2, 256]);
  });

  it('has scratch enough for the largest product of the plan', () => {
    const { map, shape } = mapLarge({ ...LARGE, features: 700, hidden: 500 });
    const { plan } = shape;
    // dense1 forward: rows × 500 over 700; its weight gradient: 500 × 700 over rows.
    expect(plan.scratchBytes).toBeGreaterThanOrEqual(gemmScratchBytes(plan.rows, 500, 700));
    expect(plan.scratchBytes).toBeGreaterThanOrEqual(gemmScratchBytes(500, 700, plan.rows));
    expect(map.seatRange - map.seatScratch).toBeGreaterThanOrEqual(plan.scratchBytes);
  });
});

/** A network with one hidden layer, and the settings that the advice may change. */
interface Large {
  features: number;
  hidden: number;
  samples: number;
  batchSize: number;
  shards: number;
  workers: number;
  maxWorkers: number;
  stateCount: number;
  hasNorm: boolean;
  microBatch: 'auto' | number;
}

const LARGE: Large = {
  features: 100,
  hidden: 100,
  samples: 1000,
  batchSize: 64,
  shards: 8,
  workers: 2,
  maxWorkers: 8,
  stateCount: 2,
  hasNorm: false,
  microBatch: 'auto',
};

/** As prepare.ts does it: the plan depends on the largest shard. A tenth of the samples validates, a tenth tests. */
function mapLarge(large: Large): { map: MemoryMap; shape: MemoryShape } {
  const { features, hidden, samples, shards, workers, maxWorkers, stateCount, hasNorm, microBatch } = large;
  const dataset: DatasetSpec = {
    name: 'large',
    samples,
    input: { shape: [features], storage: 'f32', divisor: 1 },
    target: { kind: 'class', storage: 'i32', classes: 3 },
  };
  const layers = [
    { dense: hidden, activation: 'relu', bias: true },
    { dense: 3, activation: 'none', bias: true },
  ] as const;
  const [validation, test] = [Math.floor(samples / 10), Math.floor(samples / 10)];
  const parts = { train: samples - validation - test, validation, test };
  const batchSize = Math.min(large.batchSize, parts.train);
  const plan = compilePlan(buildModel([...layers], 'crossEntropy', dataset), {
    numerics: 'portable',
    microBatch,
    largestShardRows: Math.ceil(batchSize / shards),
    dataset,
  });
  const shape = { plan, dataset, parts, shards, workers, maxWorkers, stateCount, hasNorm };
  return { map: mapMemory(shape), shape };
}

const ADVICE = /; (?:(maxWorkers|shards): (\d+) would fit|a dataset of (\d+) samples would fit|(use a smaller model))$/;

/** What the refusal of these settings says to do, or undefined where they fit. */
function adviceOn(large: Large): { key: 'maxWorkers' | 'shards' | 'samples' | 'model'; value: number } | undefined {
  try {
    mapLarge(large);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(MemoryError);
    const { message, exitCode } = error as MemoryError;
    expect(exitCode).toBe(2);
    expect(message).toMatch(
      /^memory: expected at most 4096 MiB of shared memory, got \d+ MiB \(control \d+ MiB, .*\); /,
    );
    const match = ADVICE.exec(message);
    expect(match, message).not.toBeNull();
    const [, key, count, samples] = match!;
    if (key !== undefined) return { key: key as 'maxWorkers' | 'shards', value: Number(count) };
    return samples === undefined ? { key: 'model', value: 0 } : { key: 'samples', value: Number(samples) };
  }
}

const largeRun = fc
  .record({
    // Many weights, or many and large samples, or both.
    features: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1000, max: 60_000 })),
    hidden: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1000, max: 20_000 })),
    dataBytes: fc.oneof(fc.constant(1e5), fc.double({ min: 1e9, max: 7e9, noNaN: true })),
    batchSize: fc.integer({ min: 1, max: 2000 }),
    shards: fc.integer({ min: 1, max: 64 }),
    workers: fc.integer({ min: 1, max: 16 }),
    // Without spare seats the advice goes on to shards, and to samples.
    moreSeats: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 48 })),
    stateCount: fc.integer({ min: 0, max: 2 }),
    hasNorm: fc.boolean(),
    microBatch: fc.constantFrom('auto' as const, 64),
  })
  .map(
    ({ dataBytes, moreSeats, ...run }): Large => ({
      ...run,
      samples: Math.ceil(dataBytes / (run.features * 4 + 4)),
      maxWorkers: run.workers + moreSeats,
    }),
  );

interface Advised {
  large: Large;
  advice: NonNullable<ReturnType<typeof adviceOn>>;
}

describe('what needs more than 4 GiB is refused with exit code 2, and the advice fits when it is followed', () => {
  const advised: Advised[] = fc.sample(largeRun, { numRuns: 1200, seed: 20_261_122 }).flatMap((large) => {
    const advice = adviceOn(large);
    return advice === undefined ? [] : [{ large, advice }];
  });

  it.each(['maxWorkers', 'shards', 'samples'] as const)('%s', (key) => {
    const followed = advised.filter(({ advice }) => advice.key === key);
    expect(followed.length).toBeGreaterThan(10);
    for (const { large, advice } of followed) {
      expect(advice.value).toBeGreaterThan(0);
      expect(adviceOn({ ...large, [key]: advice.value }), JSON.stringify({ large, advice })).toBeUndefined();
    }
  });

  it('the last byte counts: 4 GiB fit, one seat more does not', () => {
    const large = { ...LARGE, features: 4000, hidden: 4000, workers: 1, maxWorkers: 1024 };
    const { value } = adviceOn(large)!;
    expect(mapLarge({ ...large, maxWorkers: value }).map.byteLength).toBeLessThanOrEqual(MAX_MEMORY_BYTES);
    expect(adviceOn({ ...large, maxWorkers: value + 1 })).toEqual({ key: 'maxWorkers', value });
  });

  it('a model too large for any setting says so', () => {
    expect(adviceOn({ ...LARGE, features: 40_000, hidden: 20_000, shards: 1, workers: 1, maxWorkers: 1 })?.key).toBe(
      'model',
    );
  });
});
